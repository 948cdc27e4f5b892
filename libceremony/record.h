/*
 * What operations write into the activity log: public values of cards and units, and results.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libsmartcard/card-identity.h"

/*
 * Before anything is changed: the log can be written. Otherwise TKE_ERROR_FILE, and the operation
 * does not begin. A dry run only looks, and makes no file.
 */
TKE_PUBLIC bool tke_record_check(TkeOperation *op, GError **error);

/* Members that say which card it was: kind, id, description, zone, administrator. Adds to
 * object. */
TKE_PUBLIC void tke_record_card(JsonObject *object, const char *member,
                                const TkeCardStatus *status);

/*
 * The same of a card that has served, as it is after the step: before is what was known of it when
 * it did. Where it cannot be read any more its usage counter, which the step has changed, is left
 * out, and the session has dropped it: the last thing to be done with cards.
 */
void tke_record_card_after(TkeOperation *op, JsonObject *object, const char *member,
                           unsigned reader, const TkeCardStatus *before);

/*
 * Appends an entry with "result" "begun" before something is lost for good; takes values. Nothing may
 * be done when it fails.
 */
bool tke_record_begun(TkeOperation *op, const char *action, JsonObject *values, GError **error);

/*
 * Appends the entry; takes values (may be NULL). If it cannot be written the error says that the
 * step itself was done.
 */
TKE_PUBLIC bool tke_record_done(TkeOperation *op, const char *action, JsonObject *values,
                                GError **error);

/* An error with its details (advice.h) in brackets, for reports. The caller frees. */
TKE_PUBLIC char *tke_record_text(const GError *error);

/*
 * Sets "error", the sentence, and what is the same in every language: "error_word" (error-word.h), and
 * "error_reader", "status_word", "return_code" and "reason_code" where they are known.
 */
TKE_PUBLIC void tke_record_error(JsonObject *object, const GError *error);

/* Appends an entry about a step that failed or was broken off, with "result" "failed" unless
 * values say another; failing to write it changes
 * nothing. */
TKE_PUBLIC void tke_record_failed(TkeOperation *op, const char *action, JsonObject *values,
                                  const GError *why);
