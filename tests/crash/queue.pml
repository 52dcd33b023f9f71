/* The life of one message with two recipients, and power cuts between any two steps.

   Each name on disk has a volatile view (v_, what programs see) and a durable one (d_, what a power cut
   leaves). At a cut every name whose views differ goes one way or the other. Recipient A is delivered to a
   Maildir, recipient B fails for good and becomes a bounce. FAST chooses the first attempt straight from todo.

   Checked: what was acknowledged is delivered or reported; nothing is delivered that was never acknowledged and
   incomplete; copies are no more than one and the crashes; mess/N goes last, so that its number cannot be given
   to another message while any other name of N may come back.

   Each -DWITHOUT_… takes one promise out of the protocol; the model must then find the loss. */

bool v_mess, v_todo, v_info, v_bounce, v_new, v_doneA, v_doneB, v_dsn;
bool d_mess, d_todo, d_info, d_bounce, d_new, d_doneA, d_doneB, d_dsn;
bool acked, finished;
byte copies, crashes;

inline maybe(v, d) { if :: d = v :: skip fi; v = d }
inline cutpower() {
    maybe(v_mess, d_mess); maybe(v_todo, d_todo); maybe(v_info, d_info); maybe(v_bounce, d_bounce);
    maybe(v_new, d_new); maybe(v_doneA, d_doneA); maybe(v_doneB, d_doneB); maybe(v_dsn, d_dsn);
    crashes++
}
#define CUT if :: crashes < 2 -> atomic { cutpower(); goto recover } :: skip fi
#define KILL if :: crashes < 2 -> crashes++; goto recover :: skip fi
#define STEP KILL; CUT

#ifdef WITHOUT_TODO_FSYNC
#define FSYNC_TODO skip
#else
#define FSYNC_TODO d_todo = v_todo
#endif
#ifdef WITHOUT_NEW_FSYNC
#define FSYNC_NEW skip
#else
#define FSYNC_NEW d_new = v_new
#endif
#ifdef WITHOUT_BOUNCE_FSYNC
#define FSYNC_BOUNCE skip
#else
#define FSYNC_BOUNCE d_bounce = v_bounce
#endif
#ifdef WITHOUT_INFO_FSYNC
#define FSYNC_INFO skip
#else
#define FSYNC_INFO d_info = v_info
#endif
#ifdef WITHOUT_RESYNC
#define RESYNC_INFO skip
#else
#define RESYNC_INFO FSYNC_INFO; d_doneA = v_doneA; d_doneB = v_doneB
#endif
#ifdef WITHOUT_REMOVAL_FLUSH
#define FLUSH_REMOVAL skip
#else
#define FLUSH_REMOVAL d_info = v_info; d_todo = v_todo
#endif

inline deliverA() { v_new = true; copies++; STEP; FSYNC_NEW; STEP }

active proctype mta() {
    /* qmail-queue: mess and envelope written and synced, then the commit. */
    v_mess = true; STEP; d_mess = v_mess; STEP;
    v_todo = true; STEP; FSYNC_TODO; d_mess = v_mess; STEP;
    acked = true; STEP;

recover:
    do
    :: v_todo && !v_mess -> assert(!acked); break            /* a name without content: never acknowledged */
    :: v_todo && v_mess && !v_info ->
        if
        :: true ->                                           /* classic intake: sorted, then removed from todo */
            v_doneA = false; v_doneB = false; v_info = true; STEP; FSYNC_INFO; STEP;
            v_todo = false; STEP
#ifdef FAST
        :: !v_bounce ->                                      /* tried straight from todo */
            deliverA();
            if
            :: v_bounce = true; STEP; FSYNC_BOUNCE; STEP;    /* B failed: fall back; info last */
               v_doneA = true; v_doneB = true; STEP; d_doneA = v_doneA; d_doneB = v_doneB; STEP;
               v_info = true; STEP; FSYNC_INFO; STEP;
               v_todo = false; STEP
            fi
#endif
        fi
    :: v_todo && v_mess && v_info ->                         /* a removal undone by a cut: keep the marks */
        RESYNC_INFO; STEP;                                   /* who wrote info may have been killed before its fsync */
        v_todo = false; STEP
    :: !v_todo && v_info && v_mess && !v_doneA -> deliverA(); v_doneA = true; STEP; d_doneA = v_doneA; STEP
    :: !v_todo && v_info && v_mess && !v_doneB ->
#ifdef WITHOUT_BOUNCE_FIRST
        v_doneB = true; STEP; d_doneB = v_doneB; STEP; v_bounce = true; STEP; FSYNC_BOUNCE; STEP
#else
        v_bounce = true; STEP; FSYNC_BOUNCE; STEP; v_doneB = true; STEP; d_doneB = v_doneB; STEP
#endif
    :: !v_todo && v_info && v_doneA && v_doneB ->
        if :: v_bounce -> v_dsn = true; d_dsn = true; STEP; v_bounce = false; STEP :: else -> skip fi;
        v_info = false; STEP; FLUSH_REMOVAL; STEP;
        assert(!v_info && !v_todo);
        v_mess = false; finished = true;
        /* The number is free now: no other name of it may come back. */
        assert(!d_info && !d_todo);
        break
    :: !v_todo && !v_info -> break                           /* S2 or nothing: clean-up */
    od;
    assert(!acked || (v_new && (v_dsn || d_dsn)));
    assert(copies <= 1 + crashes)
}
