/*
 * Prompts, commands and forms in the words of windows.
 */
#include <string.h>

#include "gtk-common/error-text.h"
#include "gtk-common/form.h"
#include "gtk-common/menu-words.h"
#include "gtk-common/prompt-text.h"
#include "libceremony/advice.h"
#include "libsmartcard/card-error.h"
#include "tests/support/test-main.h"

START_TEST(test_every_prompt_has_a_picture_of_its_reader_and_card)
{
    const TkePrompt insert = { .kind = TKE_PROMPT_INSERT_CARD,
                               .wanted = TKE_WANTED_CA,
                               .reader = 1 };
    const TkePrompt pin = { .kind = TKE_PROMPT_NEW_PIN, .wanted = TKE_WANTED_EP11, .reader = 2 };
    const TkePrompt blank = { .kind = TKE_PROMPT_INSERT_CARD,
                              .wanted = TKE_WANTED_NEW_EP11,
                              .reader = 2 };
    const TkePrompt gone = { .kind = TKE_PROMPT_REMOVE_CARD, .reader = 2 };
    g_autofree char *a = tke_ui_prompt_text_picture(&insert);
    g_autofree char *b = tke_ui_prompt_text_picture(&pin);
    g_autofree char *c = tke_ui_prompt_text_picture(&blank);
    g_autofree char *d = tke_ui_prompt_text_picture(&gone);

    ck_assert_str_eq(a, "insert-ca-1");
    ck_assert_str_eq(b, "pin-ep11-2");
    ck_assert_str_eq(c, "insert-blank-2");
    ck_assert_str_eq(d, "remove-2");
}
END_TEST

START_TEST(test_time_and_tries_are_told_for_entries_only)
{
    const TkePrompt pin = {
        .kind = TKE_PROMPT_ENTER_PIN, .reader = 1, .tries_left = 1, .timeout_s = 20
    };
    const TkePrompt new_pin = { .kind = TKE_PROMPT_NEW_PIN, .reader = 1, .timeout_s = 20 };
    const TkePrompt insert = { .kind = TKE_PROMPT_INSERT_CARD, .reader = 1 };
    g_autofree char *a = tke_ui_prompt_text_time(&pin, 14);
    g_autofree char *b = tke_ui_prompt_text_time(&new_pin, 9);
    g_autofree char *c = tke_ui_prompt_text_time(&insert, 9);
    g_autofree char *stop = tke_ui_prompt_text_stop(&pin);

    ck_assert_str_eq(a, "0:14 left · 1 try left");
    ck_assert_str_eq(b, "0:09 left");
    ck_assert_ptr_null(c);
    ck_assert_str_eq(stop, "To stop, press the red key on reader 1.");
}
END_TEST

START_TEST(test_what_went_wrong_with_an_entry_is_told_in_words_of_the_window)
{
    const TkePrompt wrong = { .kind = TKE_PROMPT_ENTER_PIN,
                              .reason_word = "wrong-pin",
                              .reason = "reader 1: the PIN is wrong" };
    const TkePrompt card = { .kind = TKE_PROMPT_INSERT_CARD,
                             .reason_word = "wrong-kind",
                             .reason = "This is a CA card (tke card info)." };
    const TkePrompt held = { .kind = TKE_PROMPT_INSERT_CARD,
                             .reason = "reader 1: held",
                             .advice = "Look at it (tke card info)." };
    const TkePrompt first = { .kind = TKE_PROMPT_INSERT_CARD };
    g_autofree char *a = tke_ui_prompt_text_reason(&wrong);
    g_autofree char *b = tke_ui_prompt_text_reason(&card);
    g_autofree char *c = tke_ui_prompt_text_reason(&held);

    ck_assert_str_eq(c, "Reader 1: held.\nLook at it (Display smart card information).");
    ck_assert_str_eq(a, "That PIN was wrong.");
    ck_assert_str_eq(b, "This is a CA card (Display smart card information).");
    ck_assert_ptr_null(tke_ui_prompt_text_reason(&first));
}
END_TEST

START_TEST(test_a_ca_card_is_told_which_of_its_pins_are_asked_for)
{
    static const char *const rows[][2] = {
        { "source", "Both of its PINs" },
        { "backup-test", "Both of its PINs" },
        { "change-pin", "the other one is not asked for" },
        { "enroll", "with both of its PINs" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        const TkePrompt prompt = { .kind = TKE_PROMPT_INSERT_CARD,
                                   .wanted = TKE_WANTED_CA,
                                   .reader = 1,
                                   .purpose = rows[i][0] };

        ck_assert_msg(strstr(tke_ui_prompt_text_why(&prompt), rows[i][1]) != NULL, "%s",
                      rows[i][0]);
    }
}
END_TEST

START_TEST(test_errors_are_sentences_in_windows)
{
    static const char *const rows[][2] = {
        { "reader 2: no card", "Reader 2: no card." },
        { "öffnen: kein Leser", "Öffnen: kein Leser." },
        { "Which one?", "Which one?" },
        { "It is done.", "It is done." },
        { "wait…", "Wait…" },
        { "the item (tke card enroll)", "The item (Initialize and enroll EP11 smart card)." },
        { "", "" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = tke_ui_error_text_sentence(rows[i][0]);

        ck_assert_str_eq(text, rows[i][1]);
    }
}
END_TEST

START_TEST(test_commands_become_menu_items)
{
    g_autofree char *text = tke_ui_menu_words("Look with “tke card info” (tke readers); then "
                                              "tke card info --reader 1 --check.");

    ck_assert_str_eq(text, "Look with “Display smart card information” (Check readers); then "
                           "Check the cards.");
}
END_TEST

START_TEST(test_windows_send_nobody_to_a_terminal_for_a_rehearsal)
{
    g_autoptr(GError) error = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_SERVICE, "no");
    g_autofree char *advice = tke_advice_for_error(error);
    g_autofree char *text = tke_ui_menu_words(advice);

    ck_assert_ptr_nonnull(strstr(advice, "tke-sim start"));
    ck_assert_str_eq(text, "Start the smart card service, then try again.");
}
END_TEST

START_TEST(test_a_form_keeps_its_answers)
{
    const char *const options[] = { "First PIN", "Second PIN", NULL };
    g_autoptr(TkeUiForm) form = tke_ui_form_new("Which?", NULL, "_Go");

    tke_ui_form_add_description(form, "text", "Text", "old");
    tke_ui_form_add_choice(form, "pin", "PIN", options, 1);
    tke_ui_form_add_check(form, "sure", "Sure");

    ck_assert_str_eq(tke_ui_form_get_text(form, "text"), "old");
    ck_assert_uint_eq(tke_ui_form_get_chosen(form, "pin"), 1);
    ck_assert(!tke_ui_form_get_checked(form, "sure"));
}
END_TEST

START_TEST(test_a_description_is_the_one_of_what_is_chosen)
{
    const char *const options[] = { "The card", "Key part 1", NULL };
    const char *const texts[] = { "Alice", "First half", NULL };
    g_autoptr(TkeUiForm) form = tke_ui_form_new("Which?", NULL, "_Change");

    ck_assert(!form->change);
    tke_ui_form_add_choice(form, "what", "Of", options, 1);
    tke_ui_form_add_description_of(form, "text", "Text", "what", texts);

    ck_assert(form->change);
    ck_assert_str_eq(tke_ui_form_get_text(form, "text"), "First half");
    ck_assert_str_eq(tke_ui_form_get_text_of(form, "text", 0), "Alice");
    ck_assert_str_eq(tke_ui_form_get_text_of(form, "text", 2), "");
}
END_TEST

START_TEST(test_what_is_wrong_with_a_description_is_said)
{
    g_autofree char *good = tke_ui_form_wrong_description("D", "123456789012345678901234567890");
    g_autofree char *empty = tke_ui_form_wrong_description("D", "");
    g_autofree char *is_long =
        tke_ui_form_wrong_description("D", "1234567890123456789012345678901");
    g_autofree char *accent = tke_ui_form_wrong_description("D", "caf\u00e9 1");
    g_autofree char *tab = tke_ui_form_wrong_description("D", "a\tb");

    ck_assert_ptr_null(good);
    ck_assert_ptr_null(empty);
    ck_assert_str_eq(is_long, "D: 31 characters are too many, 30 fit on the card.");
    ck_assert_ptr_nonnull(strstr(accent, "D: \u201c\u00e9\u201d cannot stand there"));
    ck_assert_ptr_nonnull(strstr(tab, "line breaks"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_what_is_wrong_with_a_description_is_said);
    tcase_add_test(tests, test_every_prompt_has_a_picture_of_its_reader_and_card);
    tcase_add_test(tests, test_time_and_tries_are_told_for_entries_only);
    tcase_add_test(tests, test_what_went_wrong_with_an_entry_is_told_in_words_of_the_window);
    tcase_add_test(tests, test_a_ca_card_is_told_which_of_its_pins_are_asked_for);
    tcase_add_test(tests, test_errors_are_sentences_in_windows);
    tcase_add_test(tests, test_commands_become_menu_items);
    tcase_add_test(tests, test_windows_send_nobody_to_a_terminal_for_a_rehearsal);
    tcase_add_test(tests, test_a_form_keeps_its_answers);
    tcase_add_test(tests, test_a_description_is_the_one_of_what_is_chosen);
}

int
main(void)
{
    return test_main("prompt-text", add_tests);
}
