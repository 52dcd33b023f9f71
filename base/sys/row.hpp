// Each program's row of the table of privileges (docs/internals.md), in code. Its main calls it
// once, with everything opened that will be out of reach, and before the first byte from outside.
//
// What this kernel does not offer is left out; qmail-start and the listening qmail-smtpd say so
// (missing_protection). Everything else that cannot be done throws.
#pragma once

namespace grapnel::row {

void qmail_start();
void qmail_send();       // in queue/
void qmail_clean();      // in queue/
void qmail_queue();      // in queue/, where it writes files
void qmail_handover();   // qmail-queue where qmail-queued writes them: the socket is open
void qmail_queued();     // in queue/
void qmail_hookd();      // in the home directory
void qmail_lspawn();
void qmail_getpw();
void qmail_local();
void qmail_rspawn();
void qmail_remote();   // in the home directory
void smtpd_listener();
void smtpd_keys();             // reads keys for the listener; stays root where it is
void smtpd_worker();           // its submission helper is there already; so in the next
void smtpd_session();          // has read its control files
void smtpd_hooked_session();   // the same where scanners are asked; in the home directory
void smtpd_etrn_session();     // the same where qmail-send may be asked for something
void smtpd_asking_session();   // where the DNS is asked, and scanners may be
void injector();               // qmail-inject, sendmail: the user's own
void qmail_pop3d();            // the user's own, in his Maildir
void qmail_popup();            // the part that reads; another one starts the checker
void qmail_qmqpc();            // has read its control files
void splogger();

}
