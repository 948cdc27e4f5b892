/*
 * Which button stands beside an error, and beside a prompt.
 */
#include "gtk-common/remedy.h"

#include "libsmartcard/card-error.h"
#include "tests/support/test-main.h"

static TkeUiRemedy
after(int code, const char *message)
{
    g_autoptr(GError) error = g_error_new_literal(TKE_CARD_ERROR, code, message);

    return tke_ui_remedy_for_error(error);
}

/* Whose PIN it is says the error, and no word of its sentence. */
START_TEST(test_a_blocked_card_is_unblocked_or_replaced_and_never_tried_again)
{
    const TkeUiRemedy ep11 =
        after(TKE_CARD_ERROR_PIN_BLOCKED, "the PIN of CAROL'S CARD is blocked");
    g_autoptr(GError) error =
        g_error_new_literal(TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_BLOCKED, "blocked, for good");
    TkeUiRemedy ca;

    tke_card_error_set_ca_card(error);
    ca = tke_ui_remedy_for_error(error);

    ck_assert_ptr_null(ep11.again);
    ck_assert_str_eq(ep11.action, "app.ep11-unblock");
    ck_assert_str_eq(ca.again, "Go on with the _backup");
    ck_assert_ptr_null(ca.action);
}
END_TEST

START_TEST(test_what_stays_so_is_not_tried_again)
{
    static const int codes[] = { TKE_CARD_ERROR_STATE, TKE_CARD_ERROR_NOT_GENUINE,
                                 TKE_CARD_ERROR_CARD_KEYS, TKE_CARD_ERROR_VERSION };

    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        const TkeUiRemedy remedy = after(codes[i], "no");

        ck_assert_ptr_null(remedy.again);
        ck_assert_ptr_null(remedy.label);
    }
}
END_TEST

START_TEST(test_the_next_step_is_a_button)
{
    static const struct {
        int code;
        const char *action;
    } rows[] = {
        { TKE_CARD_ERROR_NO_CARD, "app.readers-identify" },
        { TKE_CARD_ERROR_NO_SERVICE, "app.readers-check" },
        { TKE_CARD_ERROR_REMOVED, "app.card-info" }, /* what the text points to is reachable */
        { TKE_CARD_ERROR_NOT_ENROLLED, "app.ep11-enroll" },
        { TKE_CARD_ERROR_NOT_PERSONALISED, "app.ep11-personalize" },
        { TKE_CARD_ERROR_FULL, "app.ep11-contents" },
        { TKE_CARD_ERROR_PIN_FEW_TRIES, "app.ca-enter" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        const TkeUiRemedy remedy = after(rows[i].code, "no");

        ck_assert_ptr_nonnull(remedy.label);
        ck_assert_str_eq(remedy.action, rows[i].action);
    }
    ck_assert_str_eq(after(TKE_CARD_ERROR_PIN_CANCELLED, "no").again, "_Try again");
}
END_TEST

static const char *
at_prompt(TkePromptKind kind, TkeWantedCard wanted, const char *reason_word)
{
    const TkePrompt prompt = {
        .kind = kind, .reader = 2, .wanted = wanted, .reason_word = reason_word
    };

    return tke_ui_remedy_for_prompt(&prompt).action;
}

START_TEST(test_a_prompt_for_a_card_offers_what_is_missing)
{
    ck_assert_str_eq(at_prompt(TKE_PROMPT_INSERT_CARD, TKE_WANTED_EP11, NULL),
                     "app.readers-identify");
    ck_assert_str_eq(at_prompt(TKE_PROMPT_INSERT_CARD, TKE_WANTED_EP11, "not-enrolled"),
                     "app.ep11-enroll");
    ck_assert_str_eq(at_prompt(TKE_PROMPT_INSERT_CARD, TKE_WANTED_CA, "not-enrolled"),
                     "app.ca-init");
    ck_assert_str_eq(at_prompt(TKE_PROMPT_INSERT_CARD, TKE_WANTED_EP11, "not-personalised"),
                     "app.ep11-personalize");
    ck_assert_str_eq(at_prompt(TKE_PROMPT_INSERT_CARD, TKE_WANTED_ENROLLED, "not-blank"),
                     "app.ep11-describe");
    ck_assert_ptr_null(at_prompt(TKE_PROMPT_INSERT_CARD, TKE_WANTED_CA, "wrong-reader"));
    ck_assert_ptr_null(at_prompt(TKE_PROMPT_INSERT_CARD, TKE_WANTED_ANY, NULL));
    ck_assert_ptr_null(at_prompt(TKE_PROMPT_ENTER_PIN, TKE_WANTED_CA, NULL));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_blocked_card_is_unblocked_or_replaced_and_never_tried_again);
    tcase_add_test(tests, test_what_stays_so_is_not_tried_again);
    tcase_add_test(tests, test_the_next_step_is_a_button);
    tcase_add_test(tests, test_a_prompt_for_a_card_offers_what_is_missing);
}

int
main(void)
{
    return test_main("remedy", add_tests);
}
