/*
 * The acceptance test of a card over PC/SC (F-041): whatever the card answers, one byte or none
 * among it, there is a report, and its verdict is about the card.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "libceremony/card-session.h"
#include "libceremony/op-card-accept.h"
#include "libceremony/world-private.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/pcsc-transport-private.h"
#include "tests/support/fake-pcsc.h"
#include "tests/support/test-main.h"

#define READER "Identiv SPR332 v2 Smart Card Reader (55011932) 00 00"
#define ANSWER_MS 300u         /* a card is waited for so long */
#define NOT_THERE "6a82 6a82 " /* neither of our applets */
#define MANAGER "9000 "        /* it has a card manager: recognised as a blank card */

typedef struct Desk {
    TkeWorld *world;
    TkeCardSession *session;
    TkeOperation *op;
    GCancellable *cancellable;
    FakePcscReader *reader;
    TkeCardSource *source;
} Desk;

/* Nobody is there to put another card in: who is asked for one has lost. */
static void
on_show(void *ui, G_GNUC_UNUSED const TkePrompt *prompt)
{
    g_cancellable_cancel(ui);
}

static void
on_hide(G_GNUC_UNUSED void *ui)
{
}

static void
on_step(G_GNUC_UNUSED void *ui, G_GNUC_UNUSED unsigned done, G_GNUC_UNUSED unsigned total,
        G_GNUC_UNUSED const char *what)
{
}

static void
on_card(G_GNUC_UNUSED void *ui, G_GNUC_UNUSED unsigned reader, G_GNUC_UNUSED bool inserted)
{
}

/* The card gives these answers, and then always the last one. */
static void
set_up(Desk *desk, const char *directory, const char *answers, const char *last)
{
    static const TkePrompterOps prompter = {
        .show = on_show, .hide = on_hide, .step = on_step, .card = on_card
    };
    static const char *const instances[] = { NULL };
    const TkePcscOptions options = { .answer_ms = ANSWER_MS };

    fake_pcsc_reset();
    desk->reader = fake_pcsc_add(READER);
    fake_pcsc_insert(desk->reader);
    desk->reader->answers = answers;
    desk->reader->answer = last;
    desk->source = tke_pcsc_transport_new_on(&fake_pcsc_api, &options);
    desk->cancellable = g_cancellable_new();
    desk->world = tke_world_new_of_parts(desk->source, NULL, tke_module_roots_new_rehearsal(),
                                         directory, instances);
    desk->session = tke_card_session_new(desk->source);
    desk->op = tke_operation_new(desk->world, desk->session, NULL, &prompter, desk->cancellable,
                                 desk->cancellable);
}

/* A call that was left would keep the next desk from its reader. */
static void
tear_down(Desk *desk)
{
    tke_operation_free(desk->op);
    tke_card_session_free(desk->session);
    tke_world_free(desk->world);
    g_object_unref(desk->cancellable);
    for (unsigned i = 0; i < 500 && (fake_pcsc_handles() > 0 || tke_pcsc_is_silent(READER)); i++) {
        g_usleep(10000);
    }
    ck_assert(!tke_pcsc_is_silent(READER));
}

static char *
dup_faults(const TkeCardAcceptance *report)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < report->faults->len; i++) {
        g_string_append_printf(text, "%s\n", (const char *) g_ptr_array_index(report->faults, i));
    }
    return g_strdup(text->str);
}

static TkeCardAcceptance *
need_report(Desk *desk, const char *what)
{
    const TkeCardAcceptParams params = { .reader = 1 };
    g_autoptr(GError) error = NULL;
    TkeCardAcceptance *report = tke_op_card_accept(desk->op, &params, &error);

    ck_assert_msg(report != NULL, "“%s”: %.600s", what, error != NULL ? error->message : "");
    ck_assert_str_eq(report->reader_name, READER);
    ck_assert(!report->opened);
    return report;
}

static void
check_fault(const TkeCardAcceptance *report, const char *what, const char *fault)
{
    g_autofree char *faults = dup_faults(report);

    ck_assert_msg(strstr(faults, fault) != NULL, "“%s”: no “%s” in %.600s", what, fault, faults);
}

/* The report of such a card names what is wrong with it; one that was not recognised has its
 * answer to reset all the same. */
static void
check_report(const char *answers, const char *last, const char *fault)
{
    g_autofree char *directory = g_dir_make_tmp("accept-XXXXXX", NULL);
    g_autoptr(TkeCardAcceptance) report = NULL;
    Desk desk;

    set_up(&desk, directory, answers, last);
    report = need_report(&desk, answers);
    check_fault(report, answers, fault);
    ck_assert_str_eq(report->atr, "3B800181");
    tear_down(&desk);
    g_rmdir(directory);
}

/* The next step that the report ends with. */
static const char *
get_remedy(const TkeCardAcceptance *report)
{
    TkeCardErrorInfo info = { .remedy = NULL };

    ck_assert(tke_card_error_get_info(report->refused, &info));
    ck_assert_ptr_nonnull(info.remedy);
    return info.remedy;
}

START_TEST(test_an_answer_of_one_byte_or_none_is_a_fault_of_the_card)
{
    static const char *const short_answers[] = { "90", "-" };
    static const char *const faults[] = { "has 1 bytes, which is none",
                                          "has 0 bytes, which is none" };

    for (unsigned i = 0; i < G_N_ELEMENTS(short_answers); i++) {
        /* to the card manager's name, to each question to it, to what the maker wrote, and to the
         * opening */
        for (unsigned before = 0; before < 6; before++) {
            g_autoptr(GString) answers = g_string_new(NOT_THERE MANAGER);

            for (unsigned n = 0; n < before; n++) {
                g_string_append(answers, n == 0 ? "9000 " : "6a88 ");
            }
            g_string_append(answers, short_answers[i]);
            check_report(answers->str, "6a88", faults[i]);
        }
    }
}
END_TEST

START_TEST(test_a_card_that_answers_nothing_else_ends_with_a_report)
{
    check_report("", "90", "has 1 bytes, which is none");
    check_report("6a82 90", "90", "has 1 bytes, which is none");
    check_report("6a82 6a82 -", "6a82", "has 0 bytes, which is none");
}
END_TEST

/* Whatever keeps a card from answering to a reset, the test ends, and says so. */
START_TEST(test_a_card_without_answer_to_reset_ends_with_a_report)
{
    static const LONG codes[] = { (LONG) SCARD_W_UNRESPONSIVE_CARD, (LONG) SCARD_W_UNPOWERED_CARD,
                                  (LONG) SCARD_E_PROTO_MISMATCH, (LONG) SCARD_E_CARD_UNSUPPORTED };
    g_autofree char *directory = g_dir_make_tmp("accept-XXXXXX", NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++) {
        g_autoptr(TkeCardAcceptance) report = NULL;
        Desk desk;

        set_up(&desk, directory, "", "6a82");
        fake_pcsc_fail(FAKE_PCSC_CONNECT, 0, 1000, codes[i]);
        report = need_report(&desk, "no answer to reset");
        ck_assert_ptr_null(report->atr);
        ck_assert_uint_eq(report->faults->len, 1);
        ck_assert_uint_gt(strlen(get_remedy(report)), 10);
        tear_down(&desk);
    }
    g_rmdir(directory);
}
END_TEST

/* No word about the card: another reader, or another driver, may be able to. */
START_TEST(test_a_reader_that_cannot_connect_is_no_fault_of_the_card)
{
    const TkeCardAcceptParams params = { .reader = 1 };
    g_autofree char *directory = g_dir_make_tmp("accept-XXXXXX", NULL);
    g_autoptr(TkeCardAcceptance) report = NULL;
    g_autoptr(GError) error = NULL;
    Desk desk;

    set_up(&desk, directory, "", "6a82");
    fake_pcsc_fail(FAKE_PCSC_CONNECT, 0, 1000, (LONG) SCARD_E_UNSUPPORTED_FEATURE);
    report = tke_op_card_accept(desk.op, &params, &error);
    ck_assert(report == NULL);
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)); /* asked for a card */
    tear_down(&desk);
    g_rmdir(directory);
}
END_TEST

START_TEST(test_an_answer_to_reset_of_no_bytes_ends_with_a_report)
{
    static const DWORD lengths[] = { 0, 1, 34 };
    g_autofree char *directory = g_dir_make_tmp("accept-XXXXXX", NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(TkeCardAcceptance) report = NULL;
        Desk desk;

        set_up(&desk, directory, "", "6a82");
        fake_pcsc_lie(FAKE_PCSC_STATUS, lengths[i]);
        report = need_report(&desk, "odd answer to reset");
        ck_assert_ptr_null(report->atr);
        check_fault(report, "odd answer to reset", "the card's answer to reset has");
        ck_assert_ptr_nonnull(strstr(get_remedy(report), "chip first"));
        tear_down(&desk);
    }
    g_rmdir(directory);
}
END_TEST

/* From the first command on, or from a later one: what came before is in the report. */
START_TEST(test_a_card_that_falls_silent_ends_with_a_report)
{
    g_autofree char *directory = g_dir_make_tmp("accept-XXXXXX", NULL);

    for (unsigned before = 0; before < 7; before++) {
        g_autoptr(TkeCardAcceptance) report = NULL;
        Desk desk;

        set_up(&desk, directory, NOT_THERE MANAGER "9000", "6a88");
        fake_pcsc_fail(FAKE_PCSC_TRANSMIT, before, 1000, (LONG) SCARD_E_TIMEOUT);
        report = need_report(&desk, "silent");
        ck_assert_str_eq(report->atr, "3B800181");
        ck_assert_uint_eq(report->faults->len, 1);
        check_fault(report, "silent", "no answer came in time");
        ck_assert_ptr_nonnull(strstr(get_remedy(report), "test another card"));
        ck_assert_int_eq(report->has_manager, before > 3);
        tear_down(&desk);
    }
    g_rmdir(directory);
}
END_TEST

/* The call itself does not come back. */
START_TEST(test_a_card_that_keeps_the_reader_waiting_ends_with_a_report)
{
    const TkeCardAcceptParams params = { .reader = 1 };
    g_autofree char *directory = g_dir_make_tmp("accept-XXXXXX", NULL);
    g_autoptr(TkeCardAcceptance) report = NULL;
    g_autoptr(TkeCardAcceptance) again = NULL;
    g_autoptr(GError) error = NULL;
    Desk desk;

    set_up(&desk, directory, "", "6a82");
    fake_pcsc_block(FAKE_PCSC_TRANSMIT, true);
    report = need_report(&desk, "never");
    ck_assert_str_eq(report->atr, "3B800181");
    ck_assert_uint_eq(report->faults->len, 1);
    check_fault(report, "never", "no answer came in time");
    fake_pcsc_out_and_in(desk.reader); /* another card, as far as is known: it was asked nothing */
    again = tke_op_card_accept(desk.op, &params, &error);
    ck_assert(again == NULL);
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)); /* asked for a card */
    fake_pcsc_block(FAKE_PCSC_TRANSMIT, false);
    for (unsigned i = 0; i < 500 && fake_pcsc_handles() > 0; i++) {
        g_usleep(10000);
    }
    tear_down(&desk);
    g_rmdir(directory);
}
END_TEST

/* The applet of a card in a contactless reader says so at once. */
START_TEST(test_a_refusal_of_any_kind_ends_with_a_report)
{
    check_report("6999", "6999", "contacts only");
    check_report("6985", "6985", "6985");
    check_report("6982", "6982", "6982");
}
END_TEST

START_TEST(test_a_card_that_is_pulled_ends_the_test_without_a_report)
{
    g_autofree char *directory = g_dir_make_tmp("accept-XXXXXX", NULL);
    const TkeCardAcceptParams params = { .reader = 1 };
    g_autoptr(TkeCardAcceptance) report = NULL;
    g_autoptr(GError) error = NULL;
    Desk desk;

    set_up(&desk, directory, NOT_THERE MANAGER "9000", "6a88");
    fake_pcsc_fail(FAKE_PCSC_TRANSMIT, 4, 1, (LONG) SCARD_W_REMOVED_CARD);
    report = tke_op_card_accept(desk.op, &params, &error);
    ck_assert(report == NULL);
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_REMOVED);
    tear_down(&desk);
    g_rmdir(directory);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_an_answer_of_one_byte_or_none_is_a_fault_of_the_card);
    tcase_add_test(tests, test_a_card_that_answers_nothing_else_ends_with_a_report);
    tcase_add_test(tests, test_a_card_without_answer_to_reset_ends_with_a_report);
    tcase_add_test(tests, test_a_reader_that_cannot_connect_is_no_fault_of_the_card);
    tcase_add_test(tests, test_an_answer_to_reset_of_no_bytes_ends_with_a_report);
    tcase_add_test(tests, test_a_card_that_falls_silent_ends_with_a_report);
    tcase_add_test(tests, test_a_card_that_keeps_the_reader_waiting_ends_with_a_report);
    tcase_add_test(tests, test_a_refusal_of_any_kind_ends_with_a_report);
    tcase_add_test(tests, test_a_card_that_is_pulled_ends_the_test_without_a_report);
}

int
main(void)
{
    return test_main("card-accept-pcsc", add_tests);
}
