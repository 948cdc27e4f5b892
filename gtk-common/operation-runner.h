/*
 * TkeUiRunner: runs operations on the one worker thread of the program, one at a time.
 *
 * Everything here is called on the main thread; functions of operations run on the worker, their
 * ends are told on the main thread. Properties: "busy" while an operation runs (short looks at
 * cards when nothing else is to be done are not counted), "can-cancel" while cancelling it would
 * do something.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#include "gtk-common/workplace.h"
#include "libceremony/operation.h"

#define TKE_UI_TYPE_RUNNER (tke_ui_runner_get_type())
G_DECLARE_FINAL_TYPE(TkeUiRunner, tke_ui_runner, TKE_UI, RUNNER, GObject)

/* On the worker. */
typedef bool (*TkeUiRunnerFunc)(TkeOperation *op, gpointer data, GError **error);
/* On the main thread; error NULL: done. */
typedef void (*TkeUiRunnerDone)(const GError *error, gpointer data);

/* Takes the workplace, which is opened by the first operation and freed on the worker. */
TkeUiRunner *tke_ui_runner_new(TkeUiWorkplace *workplace);

/* An operation with people. False, and nothing is done, while another one runs. data outlives
 * it. */
bool tke_ui_runner_start(TkeUiRunner *runner, const TkePrompterOps *prompter, void *ui,
                         TkeUiRunnerFunc func, TkeUiRunnerDone done, gpointer data);

/* A short one that asks nobody, done in turn; an operation that is started meanwhile comes after
 * it. */
void tke_ui_runner_look(TkeUiRunner *runner, TkeUiRunnerFunc func, TkeUiRunnerDone done,
                        gpointer data);

/* The operation that runs is asked to stop; it ends when it can. */
void tke_ui_runner_cancel(TkeUiRunner *runner);

bool tke_ui_runner_is_busy(TkeUiRunner *runner);
bool tke_ui_runner_can_cancel(TkeUiRunner *runner);

/* Ends everything, waits for the worker and frees the workplace. Nothing can be started
 * afterwards. */
void tke_ui_runner_shut_down(TkeUiRunner *runner);
