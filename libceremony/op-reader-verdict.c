/*
 * What the answer of a keypad means (F-011; PC/SC part 10, 2.5.8).
 */
#include <glib/gi18n-lib.h>

#include "libceremony/op-reader-test-private.h"
#include "libceremony/record.h"
#include "libsmartcard/card-error.h"

#define TIMEOUT_TOLERANCE_S 5u

void
tke_reader_test_free(TkeReaderTest *test)
{
    if (test == NULL) {
        return;
    }
    g_free(test->name);
    g_free(test->text);
    g_free(test->model);
    g_free(test->serial);
    g_free(test->port);
    g_free(test->refusal);
    for (unsigned i = 0; i < TKE_READER_STEPS; i++) {
        g_free(test->steps[i].remark);
    }
    g_free(test);
}

const char *
tke_reader_verdict_word(TkeReaderVerdict verdict)
{
    switch (verdict) {
    case TKE_READER_VERDICT_PASSED:
        return N_("passed");
    case TKE_READER_VERDICT_REMARK:
        return N_("passed-with-remark");
    case TKE_READER_VERDICT_FAILED:
        return N_("failed");
    case TKE_READER_VERDICT_NOT_DONE:
        break;
    }
    return N_("not-done");
}

/* What somebody did or the pad said instead, for people. */
static const char *
outcome_text(const TkeReaderOutcome *outcome)
{
    switch (outcome->code) {
    case -1:
        return _("the card took it");
    case TKE_CARD_ERROR_PIN_WRONG:
        return _("the card says that the PIN is wrong");
    case TKE_CARD_ERROR_PIN_BLOCKED:
        return _("the card says that the PIN is blocked");
    case TKE_CARD_ERROR_PIN_TIMEOUT:
        return _("the keypad says that the time was over");
    case TKE_CARD_ERROR_PIN_CANCELLED:
        return _("the keypad says that the entry was cancelled");
    case TKE_CARD_ERROR_PIN_DIFFER:
        return _("the keypad says that the two new PINs differ");
    case TKE_CARD_ERROR_PIN_LENGTH:
        return _("the length of the PIN was refused");
    case TKE_CARD_ERROR_STATE:
        return _("the card refused it because it has a PIN already");
    case TKE_CARD_ERROR_NO_PIN_PAD:
        return _("the keypad refused the form of the entry");
    case TKE_CARD_ERROR_COMMUNICATION:
        return _("the keypad or its driver refused the entry, or broke it off");
    default:
        return _("the keypad ended the entry for a reason of its own");
    }
}

/* What the card shows of an entry of which nothing was told. */
static const char *
effect_text(TkeReaderEffect effect)
{
    switch (effect) {
    case TKE_READER_EFFECT_DONE:
        return _("the exchange with the keypad broke off, and the card has done it");
    case TKE_READER_EFFECT_COUNTED:
        return _("the exchange with the keypad broke off, and the card has counted a wrong PIN");
    case TKE_READER_EFFECT_NONE:
    default:
        return NULL;
    }
}

static const char *
lie_text(TkeReaderLie lie)
{
    switch (lie) {
    case TKE_READER_LIE_FAILED:
        return _("the keypad or its driver says that it failed, and the card has done it: no PIN "
                 "is to be "
                 "typed there");
    case TKE_READER_LIE_WRONG:
        return _("the keypad says that the PIN is wrong or used up, and the card has counted no "
                 "wrong entry: "
                 "no PIN is to be typed there");
    case TKE_READER_LIE_OTHER:
        return _("the keypad says something else, and the card has counted a wrong PIN: no PIN is "
                 "to be typed "
                 "there");
    case TKE_READER_LIE_DONE:
    case TKE_READER_LIE_NONE:
    default:
        return _(
            "the keypad says that it is done, and the card knows nothing of it: no PIN is to be "
            "typed there");
    }
}

static void
judge(TkeReaderStep *step, TkeReaderVerdict verdict, const char *text)
{
    g_free(step->remark);
    step->verdict = verdict;
    step->remark = g_strdup(text);
}

/* The clock of the keypad is not to be far from ours. */
static void
judge_timeout(TkeReaderStep *step, const TkeReaderOutcome *outcome)
{
    const unsigned second_ms = outcome->second_ms;
    const unsigned wanted_ms = TKE_PIN_PAD_TIMEOUT_S * second_ms;
    const unsigned tolerance_ms = TIMEOUT_TOLERANCE_S * second_ms;
    g_autofree char *text = NULL;

    if (outcome->duration_ms + tolerance_ms >= wanted_ms &&
        outcome->duration_ms <= wanted_ms + tolerance_ms) {
        judge(step, TKE_READER_VERDICT_PASSED, NULL);
        return;
    }
    text =
        g_strdup_printf(_("the keypad gives up after %u seconds instead of %u"),
                        (outcome->duration_ms + second_ms / 2) / second_ms, TKE_PIN_PAD_TIMEOUT_S);
    judge(step, TKE_READER_VERDICT_REMARK, text);
}

/* Other ends of these entries that do no harm. */
static const char *
harmless(TkeReaderStepNumber number, const TkeReaderOutcome *outcome)
{
    const bool ended_by_hand = outcome->code == TKE_CARD_ERROR_PIN_CANCELLED ||
                               outcome->code == TKE_CARD_ERROR_PIN_TIMEOUT;

    if (number == TKE_READER_STEP_STATE && outcome->code != -1) {
        return _("the reader lets this command through from its keypad only, or the card refuses "
                 "it; nothing else needs it");
    }
    if (number == TKE_READER_STEP_SHORT && ended_by_hand) {
        return _("the keypad does not end an entry that is too short, but waits for more digits");
    }
    if (number == TKE_READER_STEP_SHORT && outcome->code == TKE_CARD_ERROR_PIN_LENGTH) {
        return _(
            "the keypad passed the short PIN on to the card, which refused it; no try was lost");
    }
    if (number == TKE_READER_STEP_DIFFERENT && ended_by_hand) {
        return _("the keypad does not say that the two PINs differ, but sends nothing to the card");
    }
    return NULL;
}

bool
tke_op_reader_verdict_is_about_entry(const GError *error)
{
    switch (tke_card_error_code(error)) {
    case TKE_CARD_ERROR_PIN_WRONG:
    case TKE_CARD_ERROR_PIN_BLOCKED:
    case TKE_CARD_ERROR_PIN_TIMEOUT:
    case TKE_CARD_ERROR_PIN_CANCELLED:
    case TKE_CARD_ERROR_PIN_DIFFER:
    case TKE_CARD_ERROR_PIN_LENGTH:
    case TKE_CARD_ERROR_STATE:
    case TKE_CARD_ERROR_STATUS:
    case TKE_CARD_ERROR_NO_PIN_PAD:
    case TKE_CARD_ERROR_COMMUNICATION:
        return true;
    default:
        return false;
    }
}

TkeReaderEffect
tke_op_reader_verdict_find_effect(const TkePinStatus *now, unsigned tries_before)
{
    return now->state == TKE_PIN_VERIFIED   ? TKE_READER_EFFECT_DONE
           : now->tries_left < tries_before ? TKE_READER_EFFECT_COUNTED
                                            : TKE_READER_EFFECT_NONE;
}

TkeReaderLie
tke_op_reader_verdict_find_lie(const TkeReaderOutcome *outcome, const TkePinStatus *now,
                               unsigned tries_before)
{
    const TkeReaderEffect effect = tke_op_reader_verdict_find_effect(now, tries_before);
    const bool wrong =
        outcome->code == TKE_CARD_ERROR_PIN_WRONG || outcome->code == TKE_CARD_ERROR_PIN_BLOCKED;

    if (outcome->sw == 0) { /* nobody's word: the exchange broke off */
        return TKE_READER_LIE_NONE;
    }
    if (effect == TKE_READER_EFFECT_COUNTED) {
        return wrong ? TKE_READER_LIE_NONE : TKE_READER_LIE_OTHER;
    }
    if (effect == TKE_READER_EFFECT_DONE) {
        return outcome->code == -1 ? TKE_READER_LIE_NONE : TKE_READER_LIE_FAILED;
    }
    return outcome->code == -1 ? TKE_READER_LIE_DONE
           : wrong             ? TKE_READER_LIE_WRONG
                               : TKE_READER_LIE_NONE;
}

void
tke_op_reader_verdict(TkeReaderStep *step, TkeReaderStepNumber number,
                      const TkeReaderOutcome *outcome)
{
    const char *text = outcome->sw == 0 ? effect_text(outcome->effect) : NULL;

    step->sw = outcome->sw;
    step->duration_ms = outcome->duration_ms;
    if (outcome->lie != TKE_READER_LIE_NONE) {
        judge(step, TKE_READER_VERDICT_FAILED, lie_text(outcome->lie));
        return;
    }
    if (text != NULL) {
        judge(step, TKE_READER_VERDICT_FAILED, text);
        return;
    }
    if (outcome->sw == step->expected_sw && number == TKE_READER_STEP_TIMEOUT) {
        judge_timeout(step, outcome);
        return;
    }
    if (outcome->sw == step->expected_sw) {
        judge(step, TKE_READER_VERDICT_PASSED, NULL);
        return;
    }
    text = harmless(number, outcome);
    if (text != NULL) {
        judge(step, TKE_READER_VERDICT_REMARK, text);
    } else if (number == TKE_READER_STEP_DIFFERENT && outcome->code == TKE_CARD_ERROR_STATE) {
        judge(step, TKE_READER_VERDICT_FAILED,
              _("the keypad does not compare the two typings of a new PIN: a mistyped PIN would "
                "lock its holder out"));
    } else {
        judge(step, TKE_READER_VERDICT_FAILED, outcome_text(outcome));
    }
}

TkeReaderVerdict
tke_op_reader_verdict_of_all(const TkeReaderTest *test)
{
    TkeReaderVerdict worst = TKE_READER_VERDICT_PASSED;
    bool all = true;

    for (unsigned i = 0; i < TKE_READER_STEPS; i++) {
        all = all && test->steps[i].verdict != TKE_READER_VERDICT_NOT_DONE;
        worst = MAX(worst, test->steps[i].verdict);
    }
    if (test->refusal != NULL || worst == TKE_READER_VERDICT_FAILED) {
        return TKE_READER_VERDICT_FAILED;
    }
    return all ? worst : TKE_READER_VERDICT_NOT_DONE;
}

JsonObject *
tke_op_reader_verdict_values(const TkeReaderTest *test)
{
    JsonObject *values = json_object_new();
    JsonObject *steps = json_object_new();
    g_autofree char *numbers =
        g_strdup_printf("%04X:%04X", test->pad.properties.vendor, test->pad.properties.product);

    json_object_set_string_member(values, "reader", test->name);
    json_object_set_string_member(values, "serial", test->serial);
    json_object_set_string_member(values, "usb", numbers);
    json_object_set_string_member(values, "firmware", test->pad.properties.firmware);
    json_object_set_string_member(values, "quirk",
                                  test->pad.quirk != NULL ? test->pad.quirk->word : "");
    json_object_set_string_member(values, "verdict", tke_reader_verdict_word(test->verdict));
    for (unsigned i = 0; i < TKE_READER_STEPS && test->has_card; i++) {
        json_object_set_string_member(steps, test->steps[i].word,
                                      tke_reader_verdict_word(test->steps[i].verdict));
    }
    json_object_set_object_member(values, "steps", steps);
    if (test->has_card) {
        tke_record_card(values, "card", &test->card);
    }
    return values;
}

const char *
tke_op_reader_verdict_next(const TkeReaderTest *test)
{
    switch (test->pin) {
    case TKE_READER_PIN_CHANGED:
        return _(
            "the card has the test PIN now: look with “tke card info” how many tries are left, "
            "then give it its own back with “tke card change-pin”");
    case TKE_READER_PIN_UNKNOWN:
        return _("the card has its own PIN or the test PIN: try first with its own which it is "
                 "(“tke card change-pin”)");
    case TKE_READER_PIN_UNTOUCHED:
    case TKE_READER_PIN_AS_BEFORE:
        break;
    }
    return _("the PIN of the card is as it was");
}
