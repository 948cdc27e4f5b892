/*
 * What went wrong is in the log in words that are the same in every language (conventions, texts).
 */
#include <gio/gio.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/error-word.h"
#include "libceremony/record.h"
#include "libep11admin/unit-error.h"
#include "libsmartcard/card-error.h"
#include "tests/support/test-main.h"

START_TEST(test_every_error_of_ours_has_a_word_of_its_own)
{
    const struct {
        GQuark domain;
        int last;
    } domains[] = { { TKE_CARD_ERROR, TKE_CARD_ERROR_LOG_GAP },
                    { TKE_UNIT_ERROR, TKE_UNIT_ERROR_PRECONDITION },
                    { TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_DRY_RUN },
                    { TKE_ERROR, TKE_ERROR_NOT_RECORDED } };
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (unsigned i = 0; i < G_N_ELEMENTS(domains); i++) {
        for (int code = 0; code <= domains[i].last + 1; code++) {
            g_autoptr(GError) error = g_error_new_literal(domains[i].domain, code, "so");
            const char *word = tke_error_word(error);

            ck_assert_msg((strcmp(word, "other") != 0) == (code <= domains[i].last), "%s %d: %s",
                          g_quark_to_string(domains[i].domain), code, word);
            ck_assert_msg(code > domains[i].last || g_hash_table_add(seen, (gpointer) word),
                          "%s is another error too", word);
        }
    }
}
END_TEST

START_TEST(test_an_entry_of_a_failure_has_what_no_language_changes)
{
    const TkeUnitErrorDetails details = {
        .has_return_code = true, .return_code = 101, .has_reason_code = true, .reason_code = 48
    };
    g_autoptr(JsonObject) card = json_object_new();
    g_autoptr(JsonObject) unit = json_object_new();
    g_autoptr(JsonObject) stopped = json_object_new();
    g_autoptr(GError) refused = NULL;
    g_autoptr(GError) blocked =
        g_error_new_literal(TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_BLOCKED, "die PIN ist gesperrt");
    g_autoptr(GError) cancelled =
        g_error_new_literal(G_IO_ERROR, G_IO_ERROR_CANCELLED, "abgebrochen");

    tke_card_error_set_reader(blocked, 2, "R");
    tke_record_error(card, blocked);
    ck_assert_str_eq(json_object_get_string_member(card, "error"), "die PIN ist gesperrt");
    ck_assert_str_eq(json_object_get_string_member(card, "error_word"), "card-pin-blocked");
    ck_assert_int_eq(json_object_get_int_member(card, "error_reader"), 2);
    tke_unit_error_set(&refused, TKE_UNIT_ERROR_REFUSED, &details, "%s", "abgelehnt");
    tke_record_error(unit, refused);
    ck_assert_str_eq(json_object_get_string_member(unit, "error_word"), "unit-refused");
    ck_assert_int_eq(json_object_get_int_member(unit, "return_code"), 101);
    ck_assert_int_eq(json_object_get_int_member(unit, "reason_code"), 48);
    tke_record_error(stopped, cancelled);
    ck_assert_str_eq(json_object_get_string_member(stopped, "error_word"), "cancelled");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_every_error_of_ours_has_a_word_of_its_own);
    tcase_add_test(tests, test_an_entry_of_a_failure_has_what_no_language_changes);
}

int
main(void)
{
    return test_main("error-word", add_tests);
}
