/* The life of a message with two recipients, power cuts and kills between any two steps, and then of a second
   message that is given the same number.

   Each name on disk has a volatile view (v_, what programs see) and a durable one (d_, what a power cut
   leaves). At a cut every name whose views differ goes one way or the other. A name holds which message it
   belongs to; 0: it is not there. Recipient A is delivered to a Maildir; recipient B too, or he fails for good at
   any attempt and becomes a bounce. FAST allows the first attempt straight from todo; send's memory of it is
   lost at each cut and kill. HOOKED allows a scanner to say of B's failure that nobody is to hear of it (the mark
   alone), to cancel the message (a record in info, which is written beside it and renamed) or its bounce.

   Checked: what was acknowledged is delivered or reported; copies are no more than one and the crashes; no name
   of the first message is seen once the second has its number, so mess/N goes last.

   Each -DWITHOUT_… takes one promise out of the protocol; the model must then find the loss. */

byte v_mess, v_intd, v_todo, v_info, v_bounce;
byte d_mess, d_intd, d_todo, d_info, d_bounce;
bool v_newA, v_newB, v_doneA, v_doneB, v_dsn;
bool d_newA, d_newB, d_doneA, d_doneB, d_dsn;
bool v_silent, d_silent;             /* info says that the rest is dropped without a word */
bool d_record, torn;                 /* what was renamed over info is on disk; is not, and the name is */
bool acked, failedB, unspoken;       /* unspoken: a scanner wanted it so */
byte message = 1, copiesA, copiesB, crashes;

inline maybe(v, d) { if :: v != d -> if :: d = v :: v = d fi :: else -> skip fi }
inline cutpower() {
    maybe(v_mess, d_mess); maybe(v_intd, d_intd); maybe(v_todo, d_todo); maybe(v_info, d_info);
    maybe(v_bounce, d_bounce); maybe(v_newA, d_newA); maybe(v_newB, d_newB); maybe(v_doneA, d_doneA);
    maybe(v_doneB, d_doneB); maybe(v_dsn, d_dsn); maybe(v_silent, d_silent);
    torn = v_silent && !d_record;
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
#define FSYNC_NEW(v, d) skip
#else
#define FSYNC_NEW(v, d) d = v
#endif
#ifdef WITHOUT_BOUNCE_FSYNC
#define FSYNC_BOUNCE skip
#else
#define FSYNC_BOUNCE d_bounce = v_bounce
#endif
#ifdef WITHOUT_RECORD_FSYNC
#define FSYNC_RECORD skip
#else
#define FSYNC_RECORD d_record = true
#endif
#ifdef HOOKED
#define ASKED true
#else
#define ASKED false
#endif
#define FLUSH_SORTED d_info = v_info; d_doneA = v_doneA; d_doneB = v_doneB
#ifdef WITHOUT_INFO_FSYNC
#define FSYNC_INFO skip
#else
#define FSYNC_INFO FLUSH_SORTED
#endif
#ifdef WITHOUT_RESYNC
#define RESYNC_INFO skip
#else
#define RESYNC_INFO FSYNC_INFO
#endif
#ifdef WITHOUT_REMOVAL_FLUSH
#define FLUSH_REMOVAL skip
#else
#define FLUSH_REMOVAL d_info = v_info; d_bounce = v_bounce; d_intd = v_intd; d_todo = v_todo
#endif
#ifdef WITHOUT_FAST_FLUSH
#define FLUSH_LEAVING skip
#else
#define FLUSH_LEAVING d_intd = v_intd; d_todo = v_todo
#endif
/* The fall-back's order: the bounce is on disk before the marks can be. */
#ifdef WITHOUT_FALLBACK_BOUNCE_FIRST
#define FSYNC_FALLBACK_BOUNCE skip
#define FSYNC_FALLBACK FLUSH_SORTED; d_bounce = v_bounce
#else
#define FSYNC_FALLBACK_BOUNCE FSYNC_BOUNCE
#define FSYNC_FALLBACK FSYNC_INFO
#endif
#ifdef WITHOUT_FALLBACK_FLUSH
#undef FSYNC_FALLBACK
#define FSYNC_FALLBACK skip
#endif
#ifdef WITHOUT_FALLBACK_MARKS
#define DONE false
#else
#define DONE true
#endif
#ifdef WITHOUT_LOOKING_FOR_LEFTOVERS
#define UNTOUCHED true
#else
#define UNTOUCHED (!v_info && !v_bounce)
#endif

inline deliver(v, d, copies) { v = true; copies++; STEP; FSYNC_NEW(v, d); STEP }
inline write_bounce() { v_bounce = message; STEP }
/* qmail-clean: intd goes first. */
inline leave_todo() { v_intd = 0; STEP; v_todo = 0; STEP }

active proctype mta() {
queue:
    /* qmail-queue: mess and envelope written and synced, then the commit. */
    v_mess = message; STEP; d_mess = v_mess; STEP;
    v_intd = message; STEP; d_intd = v_intd; STEP;
    v_todo = message; STEP; FSYNC_TODO; d_mess = v_mess; STEP;
    acked = true; STEP;

recover:
    failedB = false;
    assert(!torn);
    assert(v_todo == 0 || v_todo == message);
    /* An old intd may come back after two cuts; qmail-queue removes it, and nobody else reads it. */
    assert(v_info == 0 || v_info == message);
    assert(v_bounce == 0 || v_bounce == message);
    do
    :: v_todo && !v_mess -> assert(!acked); break            /* a name without content: never acknowledged */
    :: v_todo && v_mess && !v_info ->
        if
        :: true ->                                           /* sorted first, then removed from todo */
            v_doneA = false; v_doneB = false; v_info = message; STEP; FSYNC_INFO; STEP;
            leave_todo()
#ifdef FAST
        :: UNTOUCHED ->                                      /* tried straight from todo */
            deliver(v_newA, d_newA, copiesA);
            if
            :: deliver(v_newB, d_newB, copiesB);             /* all is delivered: no file */
#ifdef WITHOUT_MESS_LAST
                v_mess = 0; goto freed;
#endif
                leave_todo(); FLUSH_LEAVING; STEP;
                v_mess = 0; goto freed
            :: failedB = true                                /* fall-back: the bounce first, info last */
            :: true                                          /* fall-back: B takes longer than a second */
            fi;
            if :: failedB -> write_bounce(); FSYNC_FALLBACK_BOUNCE; STEP :: else -> skip fi;
            v_doneA = DONE; v_doneB = failedB; STEP;
            v_info = message; STEP; FSYNC_FALLBACK; STEP;
            leave_todo()                                     /* what runs goes on as in S5 */
#endif
        fi
    :: v_todo && v_mess && v_info ->                         /* a removal undone by a cut: keep the marks */
        RESYNC_INFO; STEP;                                   /* who wrote info may have been killed before its fsync */
        leave_todo()
    :: !v_todo && v_info && v_mess && !v_doneA ->
        deliver(v_newA, d_newA, copiesA); v_doneA = true; STEP; d_doneA = v_doneA; STEP
    :: !v_todo && v_info && v_mess && !v_doneB && v_silent ->
        v_doneB = true; STEP; d_doneB = v_doneB; STEP
    :: !v_todo && v_info && v_mess && !v_doneB && !v_silent ->
        if
        :: ASKED ->                                          /* B becomes failed-silent */
            unspoken = true; v_doneB = true; STEP; d_doneB = v_doneB; STEP
        :: ASKED && v_doneA ->                               /* cancel: info.new, flush, rename, flush */
            unspoken = true; d_record = false; STEP; FSYNC_RECORD; STEP;
            v_silent = true; STEP; d_silent = v_silent; STEP
        :: deliver(v_newB, d_newB, copiesB); v_doneB = true; STEP; d_doneB = v_doneB; STEP
        :: true ->
#ifdef WITHOUT_BOUNCE_FIRST
            v_doneB = true; STEP; d_doneB = v_doneB; STEP; write_bounce(); FSYNC_BOUNCE; STEP
#else
            write_bounce(); FSYNC_BOUNCE; STEP; v_doneB = true; STEP; d_doneB = v_doneB; STEP
#endif
        fi
    :: !v_todo && v_info && v_doneA && v_doneB ->
        if
        :: v_bounce -> v_dsn = true; d_dsn = true; STEP; v_bounce = 0; STEP
        :: v_bounce && ASKED -> unspoken = true; v_bounce = 0; STEP
        :: !v_bounce -> skip
        fi;
        atomic { v_info = 0; v_silent = false }
        STEP; atomic { FLUSH_REMOVAL; d_silent = v_silent }
        STEP;
        v_mess = 0; goto freed
    :: !v_todo && !v_info -> break                           /* S2 or nothing: clean-up */
    od;
    goto over;

freed:
    assert(d_newA && (d_newB || d_dsn || unspoken));
    if
    :: message == 1 ->                                       /* the number is given to another message */
        atomic {
            assert(copiesA <= 1 + crashes && copiesB <= 1 + crashes);
            message = 2; acked = false; copiesA = 0; copiesB = 0; failedB = false; unspoken = false;
            v_newA = false; v_newB = false; v_dsn = false; d_newA = false; d_newB = false; d_dsn = false;
            v_doneA = false; v_doneB = false; d_doneA = false; d_doneB = false
        }
        goto queue
    :: else -> skip
    fi;

over:
    assert(!acked || (v_newA && (v_newB || v_dsn || d_dsn || unspoken)));
    assert(copiesA <= 1 + crashes && copiesB <= 1 + crashes)
}
