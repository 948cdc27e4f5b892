/*
 * A person tries the keypad of a reader, test by test (F-011; functions 2.2, P-2, P-3, E-C08 to
 * E-C14, E-C18).
 */
#include "libceremony/op-reader-test.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/card-session.h"
#include "libceremony/op-card.h"
#include "libceremony/op-reader-test-private.h"
#include "libceremony/op-reader.h"
#include "libceremony/record.h"

#define ACTION "opentke-reader.test"
#define ATTEMPTS_MAX 3u
#define TRIES_MIN 2u /* the last try is never at stake */
#define SW_DONE 0x9000u
#define SW_STATE 0x6985u
#define REAL_SECOND_MS 1000u

typedef bool (*PadFunc)(TkeCard *card, uint8_t reference, GError **error);

/* What each test is, and what the keypad should answer. title: what to do, one sentence. */
static const struct {
    const char *word;
    const char *what;
    const char *title;
    TkePromptKind kind;
    PadFunc func; /* NULL: without an entry */
    uint16_t expected_sw;
} plans[TKE_READER_STEPS] = {
    [TKE_READER_STEP_STATE] = { "state", N_("state of the PIN, without an entry"), NULL,
                                TKE_PROMPT_ENTER_PIN, NULL, 0x63C0 },
    [TKE_READER_STEP_VERIFY] = { "verify", N_("the right PIN"),
                                 N_("Type the PIN of the card and confirm."), TKE_PROMPT_ENTER_PIN,
                                 tke_pin_pad_verify, SW_DONE },
    [TKE_READER_STEP_CANCEL] = { "cancel", N_("the cancel key"),
                                 N_("Type two digits, then press the cancel key (red, C or X)."),
                                 TKE_PROMPT_ENTER_PIN, tke_pin_pad_verify, 0x6401 },
    [TKE_READER_STEP_TIMEOUT] = { "timeout", N_("nobody types"),
                                  N_("Touch no key until the keypad gives up, in 20 seconds."),
                                  TKE_PROMPT_ENTER_PIN, tke_pin_pad_verify, 0x6400 },
    [TKE_READER_STEP_SHORT] = { "short", N_("a PIN of five digits"),
                                N_("Type five digits, any, and confirm. If the keypad then still "
                                   "waits, press the cancel key; never type a sixth digit."),
                                TKE_PROMPT_ENTER_PIN, tke_pin_pad_verify, 0x6403 },
    [TKE_READER_STEP_DIFFERENT] = { "different", N_("two new PINs that differ"),
                                    N_("Type 123456 and confirm, then 654321 and confirm."),
                                    TKE_PROMPT_NEW_PIN, tke_pin_pad_set, 0x6402 },
    [TKE_READER_STEP_SET] = { "set", N_("a first PIN, for which the card has no use"),
                              N_("Type 123456 and confirm, then the same once more. The card has a "
                                 "PIN already and refuses; nothing changes."),
                              TKE_PROMPT_NEW_PIN, tke_pin_pad_set, SW_STATE },
    [TKE_READER_STEP_CHANGE] = { "change", N_("a change of the PIN"),
                                 N_("Type the PIN of the card, then twice a test PIN of your own "
                                    "choice, each with confirm. Keep the test PIN in mind."),
                                 TKE_PROMPT_CHANGE_PIN, tke_pin_pad_change, SW_DONE },
    [TKE_READER_STEP_BACK] = { "change-back", N_("the change taken back"),
                               N_("Type the test PIN, then twice the PIN that the card had before, "
                                  "each with confirm."),
                               TKE_PROMPT_CHANGE_PIN, tke_pin_pad_change, SW_DONE },
    [TKE_READER_STEP_RESTORED] = { "restored", N_("the PIN as it was before"),
                                   N_("Type the PIN that the card had before, and confirm."),
                                   TKE_PROMPT_ENTER_PIN, tke_pin_pad_verify, SW_DONE },
};

typedef struct Run {
    TkeOperation *op;
    TkeReaderTest *test;
    unsigned second_ms;
    TkeCard *card; /* borrowed from the session */
    unsigned tries_left;
    /* a keypad with which no PIN is changed: what it says is not what has happened */
    bool unreliable;
} Run;

static TkeReaderTest *
new_test(unsigned reader, const TkeReaderInfo *info)
{
    TkeReaderTest *test = g_new0(TkeReaderTest, 1);

    test->started = g_get_real_time() / G_USEC_PER_SEC;
    test->reader = reader;
    test->name = g_strdup(info->name);
    test->text = tke_reader_dup_text(info);
    test->model = g_strdup(info->model);
    test->serial = g_strdup(info->serial);
    test->port = g_strdup(info->port);
    test->is_virtual = info->is_virtual;
    for (unsigned i = 0; i < TKE_READER_STEPS; i++) {
        test->steps[i].word = plans[i].word;
        test->steps[i].what = _(plans[i].what);
        test->steps[i].expected_sw = plans[i].expected_sw;
    }
    return test;
}

/* ---- what the reader says ---- */

static bool
describe(Run *run, GError **error)
{
    TkeReaderTest *test = run->test;
    g_autoptr(GError) refused = NULL;

    if (!tke_op_reader_describe(run->op, test->reader, test->name, &test->pad, error)) {
        return false;
    }
    test->described = true;
    if (!tke_pin_pad_check(&test->pad, test->name, &refused)) {
        test->refusal = tke_record_text(refused);
    }
    return true;
}

static bool
show_plan(Run *run, GError **error)
{
    g_autofree char *title =
        g_strdup_printf(_("Test the keypad of reader %u (%s)"), run->test->reader, run->test->name);
    g_autofree char *count = g_strdup_printf(
        _("%u tests, about three minutes; in one of them nothing is typed for %u seconds"),
        TKE_READER_STEPS, TKE_PIN_PAD_TIMEOUT_S);
    const char *lines[] = {
        _("A personalized EP11 card is needed, and somebody who knows its PIN"),
        _("Its PIN is changed to a test PIN and changed back: afterwards it is as before"),
        _("No wrong PIN is asked for, so no try is used up unless somebody mistypes; before the "
          "last try the test ends"),
        count,
        NULL,
    };
    const TkePlan plan = { .action = "reader-test", .title = title, .lines = lines };

    return tke_operation_confirm(run->op, &plan, error);
}

/* ---- the card ---- */

static bool
has_tries(TkeCard *card, const TkeCardStatus *status, void *data, const char **word, char **reason)
{
    (void) card;
    (void) data;
    if (status->pins[0].state == TKE_PIN_SET && status->pins[0].tries_left < TRIES_MIN) {
        *word = "blocked";
        *reason = g_strdup(_("Only one try is left for the PIN of this card: take another one."));
        return false;
    }
    if (status->pins[0].state == TKE_PIN_BLOCKED) {
        *word = "blocked";
        *reason = g_strdup(_("The PIN of this card is blocked: take another one."));
        return false;
    }
    return true;
}

/* A PIN that is open would not show whether it was entered. */
static bool
close_pin(Run *run, GError **error)
{
    TkeCardStatus status = { 0 };

    if (!tke_pin_pad_close(run->card, TKE_PIN_FIRST, &status, error)) {
        return false;
    }
    run->tries_left = status.pins[0].tries_left;
    return true;
}

static bool
need_card(Run *run, GError **error)
{
    const TkeCardNeed need = { .reader = run->test->reader,
                               .wanted = TKE_WANTED_EP11,
                               .title = _("Insert the personalized EP11 card for the test."),
                               .purpose = "reader-test",
                               .fits = has_tries };
    TkeCardSession *session = tke_operation_get_card_session(run->op);
    const TkeCardStatus *status = NULL;

    run->card = tke_card_session_need(run->op, &need, &status, error);
    if (run->card == NULL) {
        return false;
    }
    run->test->card = *status;
    run->test->has_card = true;
    /* what an earlier step has opened would hide how many tries are left */
    if (!tke_card_session_lock(session, run->test->reader, error)) {
        run->card = NULL;
        return false;
    }
    run->card = tke_card_session_get(session, run->test->reader, NULL);
    if (run->card == NULL) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED,
                    _("reader %u: the card was taken out"), run->test->reader);
        return false;
    }
    return close_pin(run, error);
}

/* ---- one test ---- */

static bool
changes_pin(TkeReaderStepNumber number)
{
    return number == TKE_READER_STEP_CHANGE || number == TKE_READER_STEP_BACK;
}

static void
show_step(Run *run, TkeReaderStepNumber number)
{
    g_autofree char *card = tke_card_id_text(run->test->card.card_id);
    g_autofree char *purpose = g_strconcat("test-", plans[number].word, NULL);
    const TkePrompt prompt = {
        .kind = plans[number].kind,
        .reader = run->test->reader,
        .reader_name = run->test->text,
        .wanted = TKE_WANTED_EP11,
        .title = _(plans[number].title),
        .card = run->test->card.description[0] != '\0' ? run->test->card.description : card,
        .purpose = purpose,
        .number = number + 1,
        .total = TKE_READER_STEPS,
        .pin = 1,
        .tries_left = run->tries_left,
        .timeout_s = TKE_PIN_PAD_TIMEOUT_S,
    };

    tke_operation_show(run->op, &prompt);
}

/* What the entry has made of the card's PIN. */
static void
note_pin(Run *run, TkeReaderStepNumber number, bool done, bool lost)
{
    if (done && number == TKE_READER_STEP_CHANGE) {
        run->test->pin = TKE_READER_PIN_CHANGED;
    } else if (changes_pin(number) && (lost || done)) {
        /* until the PIN of before was typed and was right */
        run->test->pin = TKE_READER_PIN_UNKNOWN;
    } else if (done && number == TKE_READER_STEP_RESTORED) {
        run->test->pin = TKE_READER_PIN_AS_BEFORE;
    }
}

/* What has really come of it: that, and not what the keypad says, decides which PIN the card
 * has. */
static bool
look_after_entry(Run *run, TkeReaderStepNumber number, TkeReaderOutcome *outcome, GError **error)
{
    TkeCardStatus status = { 0 };
    const TkePinStatus *pin = &status.pins[0];

    if (!tke_card_query_status(run->card, &status, error)) {
        note_pin(run, number, false, true);
        return false;
    }
    outcome->lie = tke_op_reader_verdict_find_lie(outcome, pin, run->tries_left);
    outcome->effect = tke_op_reader_verdict_find_effect(pin, run->tries_left);
    run->unreliable = run->unreliable || outcome->lie != TKE_READER_LIE_NONE ||
                      (outcome->sw == 0 && outcome->effect != TKE_READER_EFFECT_NONE);
    run->tries_left = pin->tries_left;
    note_pin(run, number, pin->state == TKE_PIN_VERIFIED, false);
    return true;
}

/* True: outcome tells what came of it. False: card or reader are lost. */
static bool
enter(Run *run, TkeReaderStepNumber number, TkeReaderOutcome *outcome, GError **error)
{
    TkeCardErrorInfo info = { 0 };
    g_autoptr(GError) local = NULL;
    gint64 begin = 0;
    bool ok = false;

    if (!close_pin(run, error)) {
        return false;
    }
    show_step(run, number);
    begin = g_get_monotonic_time();
    ok = plans[number].func(run->card, TKE_PIN_FIRST, &local);
    tke_operation_hide(run->op);
    outcome->duration_ms = (unsigned) ((g_get_monotonic_time() - begin) / 1000);
    outcome->code = ok ? -1 : tke_card_error_code(local);
    outcome->sw = ok ? (uint16_t) SW_DONE : 0;
    if (!ok && tke_card_error_get_info(local, &info)) {
        outcome->sw = info.sw;
    }
    if (!ok && !tke_op_reader_verdict_is_about_entry(local)) {
        note_pin(run, number, false, tke_card_error_is_outcome_unknown(local));
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    return look_after_entry(run, number, outcome, error);
}

static bool
check_tries(Run *run, GError **error)
{
    if (run->tries_left >= TRIES_MIN) {
        return true;
    }
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_WRONG,
                _("reader %u: only one try is left for the PIN of the card: the test ends here"),
                run->test->reader);
    if (error != NULL) {
        tke_card_error_set_pin(*error, TKE_PIN_FIRST, (int) run->tries_left);
        tke_card_error_set_reader(*error, run->test->reader, run->test->name);
    }
    return false;
}

/* People press wrong keys: a test that failed may be tried again. */
static bool
wants_again(Run *run, const TkeReaderStep *step, const TkeReaderOutcome *outcome, GError **error)
{
    g_autofree char *title =
        g_strdup_printf(_("The test “%s” did not end as it should: %s."), step->what, step->remark);
    const char *lines[] = { _("If a wrong key was pressed, try it again"), NULL };
    const TkePlan plan = { .action = "reader-test-again", .title = title, .lines = lines };
    g_autoptr(GError) refused = NULL;

    if (step->attempts >= ATTEMPTS_MAX || outcome->lie != TKE_READER_LIE_NONE ||
        outcome->code == TKE_CARD_ERROR_NO_PIN_PAD ||
        outcome->code == TKE_CARD_ERROR_COMMUNICATION) {
        return false; /* no key was pressed wrongly where none was asked for */
    }
    if (tke_operation_confirm(run->op, &plan, &refused)) {
        return true;
    }
    if (!g_error_matches(refused, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_propagate_error(error, g_steal_pointer(&refused));
    } else {
        (void) tke_operation_check(run->op, error); /* no to this, or to everything? */
    }
    return false;
}

/* One test, until it passes or nobody wants to try it again. False: the whole test ends. */
static bool
run_step(Run *run, TkeReaderStepNumber number, GError **error)
{
    TkeReaderStep *step = &run->test->steps[number];
    TkeReaderOutcome outcome = { 0 };
    g_autoptr(GError) local = NULL;

    do {
        outcome = (TkeReaderOutcome){ .second_ms = run->second_ms };
        if (!tke_operation_check(run->op, error) || !check_tries(run, error)) {
            return false;
        }
        step->attempts++;
        if (!enter(run, number, &outcome, &local)) {
            step->verdict = TKE_READER_VERDICT_FAILED;
            g_free(step->remark);
            step->remark = tke_record_text(local);
            g_propagate_error(error, g_steal_pointer(&local));
            return false;
        }
        tke_op_reader_verdict(step, number, &outcome);
    } while (step->verdict == TKE_READER_VERDICT_FAILED &&
             wants_again(run, step, &outcome, &local));
    if (local != NULL) {
        g_propagate_error(error, g_steal_pointer(&local));
        return false;
    }
    return true;
}

/* A PIN is changed only with a keypad that can be believed, and changed back and tried whenever it
 * was changed. */
static bool
makes_sense(const Run *run, TkeReaderStepNumber number)
{
    switch (number) {
    case TKE_READER_STEP_CHANGE:
        return !run->unreliable;
    case TKE_READER_STEP_BACK:
        return run->test->pin == TKE_READER_PIN_CHANGED;
    case TKE_READER_STEP_RESTORED:
        return run->test->pin == TKE_READER_PIN_UNKNOWN;
    default:
        return true;
    }
}

/* Readers with a filter for PIN commands refuse this one; nothing else needs it. */
static bool
run_state(Run *run, GError **error)
{
    TkeReaderStep *step = &run->test->steps[TKE_READER_STEP_STATE];
    TkeReaderOutcome outcome = { .code = -1, .second_ms = run->second_ms };
    TkeCardErrorInfo info = { 0 };
    TkePinStatus pin = { 0 };
    g_autoptr(GError) refused = NULL;

    tke_operation_step(run->op, 0, TKE_READER_STEPS, step->what);
    step->attempts = 1;
    step->expected_sw = (uint16_t) (step->expected_sw | run->tries_left);
    if (tke_pin_pad_query_state(run->card, TKE_PIN_FIRST, &pin, &refused)) {
        outcome.sw =
            pin.state == TKE_PIN_SET ? (uint16_t) (0x63C0u | pin.tries_left) : (uint16_t) SW_DONE;
    } else if (tke_card_error_get_info(refused, &info) && info.sw != 0) {
        outcome.code = tke_card_error_code(refused);
        outcome.sw = info.sw;
    } else {
        g_propagate_error(error, g_steal_pointer(&refused));
        return false;
    }
    tke_op_reader_verdict(step, TKE_READER_STEP_STATE, &outcome);
    return true;
}

static bool
run_steps(Run *run, GError **error)
{
    if (!run_state(run, error)) {
        return false;
    }
    for (TkeReaderStepNumber i = TKE_READER_STEP_VERIFY; i < TKE_READER_STEPS; i++) {
        if (!makes_sense(run, i)) {
            continue;
        }
        tke_operation_step(run->op, i, TKE_READER_STEPS, run->test->steps[i].what);
        if (!run_step(run, i, error)) {
            return false;
        }
    }
    return true;
}

/* ---- the end ---- */

static bool
run_test(Run *run, GError **error)
{
    TkeReaderTest *test = run->test;
    bool ok = need_card(run, error) && run_steps(run, error);

    run->card = tke_card_session_get(tke_operation_get_card_session(run->op), test->reader, NULL);
    if (run->card != NULL) {
        /* nothing stays open that the session does not know of; a card that is away or broken is
         * told of already */
        (void) close_pin(run, NULL);
        (void) tke_card_session_query_status(run->op, test->reader, NULL, NULL);
    }
    test->verdict = tke_op_reader_verdict_of_all(test);
    if (!ok && error != NULL && test->has_card) {
        g_autofree char *old = (*error)->message;

        (*error)->message = g_strdup_printf("%s; %s", old, tke_op_reader_verdict_next(test));
    }
    if (!ok) {
        return tke_op_card_fail_partly(run->op, ACTION, test->reader, NULL,
                                       tke_op_reader_verdict_values(test), error);
    }
    return tke_record_done(run->op, ACTION, tke_op_reader_verdict_values(test), error);
}

bool
tke_op_reader_test(TkeOperation *op, const TkeReaderTestParams *params, TkeReaderTest **test,
                   GError **error)
{
    Run run = { .op = op,
                .second_ms = params->second_ms != 0 ? params->second_ms : REAL_SECOND_MS };
    g_autoptr(TkeReaders) readers = NULL;
    const TkeReaderInfo *info = NULL;

    if (params->reader < 1 || params->reader > TKE_READERS) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("readers have the numbers 1 and 2"));
        return false;
    }
    if (!tke_record_check(op, error) ||
        !tke_card_session_look_identified(op, params->reader, &readers, NULL, error)) {
        return false;
    }
    info = tke_readers_get(readers, params->reader, error);
    if (info == NULL) {
        return false;
    }
    run.test = new_test(params->reader, info);
    *test = run.test;
    if (!describe(&run, error)) {
        return tke_op_card_fail(op, ACTION, params->reader, NULL, error);
    }
    if (run.test->refusal != NULL) {
        run.test->verdict = tke_op_reader_verdict_of_all(run.test);
        return tke_record_done(op, ACTION, tke_op_reader_verdict_values(run.test), error);
    }
    if (!show_plan(&run, error)) {
        return false;
    }
    return tke_operation_is_dry_run(op) || run_test(&run, error);
}
