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
#include "tests/support/fake-pcsc.h"
#include "tests/support/test-main.h"

#define READER "Identiv SPR332 v2 Smart Card Reader (55011932) 00 00"
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

    fake_pcsc_reset();
    desk->reader = fake_pcsc_add(READER);
    fake_pcsc_insert(desk->reader);
    desk->reader->answers = answers;
    desk->reader->answer = last;
    desk->source = tke_pcsc_transport_new_on(&fake_pcsc_api, NULL);
    desk->cancellable = g_cancellable_new();
    desk->world = tke_world_new_of_parts(desk->source, NULL, tke_module_roots_new_rehearsal(),
                                         directory, instances);
    desk->session = tke_card_session_new(desk->source);
    desk->op = tke_operation_new(desk->world, desk->session, NULL, &prompter, desk->cancellable,
                                 desk->cancellable);
}

static void
tear_down(Desk *desk)
{
    tke_operation_free(desk->op);
    tke_card_session_free(desk->session);
    tke_world_free(desk->world);
    g_object_unref(desk->cancellable);
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

/* The report of such a card names what is wrong with it; one that was not recognised has its
 * answer to reset all the same. */
static void
check_report(const char *answers, const char *last, const char *fault)
{
    g_autofree char *directory = g_dir_make_tmp("accept-XXXXXX", NULL);
    const TkeCardAcceptParams params = { .reader = 1 };
    g_autoptr(TkeCardAcceptance) report = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *faults = NULL;
    Desk desk;

    set_up(&desk, directory, answers, last);
    report = tke_op_card_accept(desk.op, &params, &error);
    ck_assert_msg(report != NULL, "“%s”: %.600s", answers, error != NULL ? error->message : "");
    faults = dup_faults(report);
    ck_assert_msg(strstr(faults, fault) != NULL, "“%s”: no “%s” in %.600s", answers, fault, faults);
    ck_assert_str_eq(report->reader_name, READER);
    ck_assert_str_eq(report->atr, "3B800181");
    ck_assert(!report->opened);
    tear_down(&desk);
    g_rmdir(directory);
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
    tcase_add_test(tests, test_a_card_that_is_pulled_ends_the_test_without_a_report);
}

int
main(void)
{
    return test_main("card-accept-pcsc", add_tests);
}
