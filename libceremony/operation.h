/*
 * TkeOperation: context of one running procedure.
 *
 * It brings together who is asked (prompter), how it is stopped (cancellable), where cards and
 * units are (world), the cards that outlive the operation (card session) and where results are
 * recorded (activity log). Operations are blocking functions bool tke_op_x(TkeOperation *, const
 * TkeXParams *, TkeXResult *, GError **); one runs at a time.
 *
 * Cancel is checked between exchanges. From tke_operation_commit() to
 * tke_operation_committed_done() it is not looked at: what was begun is finished or reported.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#include "common/public.h"
#include "libceremony/activity-log.h"
#include "libceremony/prompter.h"
#include "libceremony/world.h"

typedef struct TkeOperation TkeOperation;
typedef struct TkeCardSession TkeCardSession;

/*
 * Borrows everything; all of it outlives the operation. session may be NULL for operations without
 * cards. cancellable may be NULL.
 */
TKE_PUBLIC TkeOperation *tke_operation_new(TkeWorld *world, TkeCardSession *session,
                                           TkeActivityLog *log, const TkePrompterOps *prompter,
                                           void *ui, GCancellable *cancellable);
TKE_PUBLIC void tke_operation_free(TkeOperation *op);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeOperation, tke_operation_free)

TKE_PUBLIC TkeWorld *tke_operation_get_world(TkeOperation *op);
TKE_PUBLIC TkeCardSession *tke_operation_get_card_session(TkeOperation *op);
TKE_PUBLIC TkeActivityLog *tke_operation_get_log(TkeOperation *op);

/* The cancellable to wait with: NULL while committed. */
TKE_PUBLIC GCancellable *tke_operation_get_cancellable(TkeOperation *op);

/* False with G_IO_ERROR_CANCELLED when the operator wants to stop and it is still possible. */
TKE_PUBLIC bool tke_operation_check(TkeOperation *op, GError **error);

/* Passes the commit point; false if a cancel came before. Commit points nest. */
TKE_PUBLIC bool tke_operation_commit(TkeOperation *op, GError **error);
TKE_PUBLIC void tke_operation_committed_done(TkeOperation *op);
TKE_PUBLIC bool tke_operation_is_committed(const TkeOperation *op); /* from any thread */

/*
 * What is only planned and shown, not done (--dry-run): operations stop after the plan was shown
 * and return true with nothing changed.
 */
TKE_PUBLIC void tke_operation_set_dry_run(TkeOperation *op, bool dry_run);
TKE_PUBLIC bool tke_operation_is_dry_run(const TkeOperation *op);

/*
 * True but in a dry run, which ends here: called before the first change of a step, and before what
 * only a person can do. TKE_CEREMONY_ERROR_DRY_RUN then, which the operation takes for its success.
 */
bool tke_operation_may_change(const TkeOperation *op, GError **error);

/*
 * A card in use that lies in a reader already may be asked about and overwritten (P-5). Otherwise,
 * which is the default, it must be put in when it is asked for.
 */
TKE_PUBLIC void tke_operation_set_overwrite(TkeOperation *op, bool overwrite);
TKE_PUBLIC bool tke_operation_may_overwrite(const TkeOperation *op);

/* To the operator. show and hide come in pairs; showing again replaces. */
TKE_PUBLIC void tke_operation_show(TkeOperation *op, const TkePrompt *prompt);
/* Before it waits for a card that the prompt asks for, and each time again: at most so long
 * (-1: for ever). False: nobody will put one in. */
TKE_PUBLIC bool tke_operation_may_wait(TkeOperation *op, int *timeout_ms, GError **error);
/* Milliseconds since the last prompt was shown. */
gint64 tke_operation_get_shown_ms(const TkeOperation *op);
TKE_PUBLIC void tke_operation_hide(TkeOperation *op);
TKE_PUBLIC void tke_operation_step(TkeOperation *op, unsigned done, unsigned total,
                                   const char *what);

/*
 * Where the steps are known beforehand: tells all of them, then each as it is reached. names:
 * static, marked with N_(), NULL-terminated; index: from 0.
 */
TKE_PUBLIC void tke_operation_set_steps(TkeOperation *op, const char *const *names);
TKE_PUBLIC void tke_operation_reach(TkeOperation *op, unsigned index);
TKE_PUBLIC void tke_operation_note(TkeOperation *op, const char *format, ...) G_GNUC_PRINTF(2, 3);
TKE_PUBLIC void tke_operation_card(TkeOperation *op, unsigned reader, bool inserted);
TKE_PUBLIC bool tke_operation_confirm(TkeOperation *op, const TkePlan *plan, GError **error);
TKE_PUBLIC bool tke_operation_choose(TkeOperation *op, const TkeChoice *choice, unsigned *index,
                                     GError **error);

/* texts: as many as the prompt has fields, each to be freed. */
TKE_PUBLIC bool tke_operation_ask_texts(TkeOperation *op, const TkeTextPrompt *prompt, char **texts,
                                        GError **error);
