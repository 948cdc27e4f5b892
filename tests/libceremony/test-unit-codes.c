/*
 * The codes of crypto units that functions 3.2 lists: the meaning comes first, the codes second,
 * and a next step where one is known (F-056).
 */
#include <string.h>

#include "libceremony/advice.h"
#include "libep11admin/unit-error.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/test-main.h"

#define NO_REASON 0u

static const struct {
    unsigned return_code;
    unsigned reason_code;
    const char *meaning;
    const char *advice;
} rows[] = {
    { 3, NO_REASON, "the domain named in the command is not valid", "refresh the list" },
    { 7, NO_REASON, "the arguments of the command are wrong", "nothing was changed there" },
    { 32, NO_REASON, "format or value of the data is wrong", "nothing was changed there" },
    { 33, NO_REASON, "data is missing, or was given where none is expected",
      "nothing was changed" },
    { 32, 32, "the administrator was not found", "read the administrators again" },
    { 80, NO_REASON, "attributes or control points of the crypto unit forbid the command",
      "change the permissions" },
    { 80, 46, "control points may not be enabled", "change the permissions" },
    { 80, 47, "control points may not be disabled", "change the permissions" },
    { 80, 52, "the permissions forbid random master keys", "change the permissions" },
    { 80, 80, "the permissions forbid to load master keys", "set the permissions" },
    { 80, 131, "the permissions forbid to export master keys", "change the permissions" },
    { 84, NO_REASON, "this module does not know the function", "nothing was changed there" },
    { 96, NO_REASON, "a key, certificate or audit record was not found", "nothing was changed" },
    { 101, 48, "the verification pattern given is not that of the new master key register",
      "units that hold different new keys cannot be committed together" },
    { 163, NO_REASON,
      "wrong transaction counter: someone else administered the crypto unit meanwhile",
      "read the state again and sign again" },
    { 179, NO_REASON, "the command is not allowed in imprint mode", "leave imprint mode first" },
    { 192, NO_REASON, "a signature is wrong", "make sure that every signer is an administrator" },
    { 193, NO_REASON, "a signature is malformed", "nothing was changed there" },
    { 208, NO_REASON, "too few signatures", "sign with as many administrators as the threshold" },
    { 209, 36, "imprint mode may not be left with a revocation threshold of 0", "both thresholds" },
    { 209, 56, "imprint mode may not be left with a revocation threshold of 0", "both thresholds" },
    { 209, 57, "the signature threshold is larger than the number of installed administrators",
      "add administrators first" },
    { 209, 58, "the revocation threshold is larger than the number of installed administrators",
      "add administrators first" },
    { 209, 66, "the removal would leave fewer administrators than a threshold needs",
      "lower the thresholds first" },
    { 209, 70, "an attribute is locked by its control bit", "only zeroizing lifts the lock" },
    { 209, 71, "a threshold is locked by its control bit", "only zeroizing lifts the lock" },
    { 209, 76, "the signature threshold may not be set to 0", "nothing was changed there" },
    { 209, 77, "the revocation threshold may not be set to 0", "nothing was changed there" },
    { 209, 78, "the permissions forbid a signature threshold of 1", "a threshold of 2 or more" },
    { 209, 79, "the permissions forbid a revocation threshold of 1", "a threshold of 2 or more" },
    { 209, 85, "the module itself is still in imprint mode", "report this to the provider" },
    { 256, NO_REASON, "the administrator is already installed", "nothing was changed there" },
    { 257, NO_REASON, "signed by someone who is not an administrator of this crypto unit",
      "sign with installed administrators only" },
    { 261, NO_REASON, "8 administrators are installed already", "remove an administrator first" },
    { 0x80010002u, NO_REASON, "internal error of the crypto module", "call support" },
};

static void
order_code(CeremonyWorld *world, unsigned return_code, unsigned reason_code)
{
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(order, "fault", "code");
    json_object_set_string_member(order, "unit", sim_unit_get_hsm_id(unfinished_unit_of(world, 2)));
    json_object_set_int_member(order, "command", CLEAR_NEW);
    json_object_set_int_member(order, "return_code", return_code);
    json_object_set_int_member(order, "reason_code", reason_code);
    json_object_set_int_member(order, "count", return_code == 163 ? 3 : 1); /* it is tried again */
    card_world_check(sim_service_fault(world->service, order, &error), error);
}

START_TEST(test_every_code_is_told_in_words_with_a_next_step)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *advice = NULL;
        g_autofree char *codes = rows[i].reason_code == NO_REASON
                                     ? g_strdup_printf("return code %u", rows[i].return_code)
                                     : g_strdup_printf("return code %u, reason code %u",
                                                       rows[i].return_code, rows[i].reason_code);
        const char *meaning;

        unfinished_go_on(world);
        card_world_check(tke_unit_directory_select_once(world->units, "2", &error), error);
        order_code(world, rows[i].return_code, rows[i].reason_code);
        ck_assert_msg(!unfinished_clear_new(world, &error), "%s", codes);
        ck_assert_msg(g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_REFUSED), "%s: %s",
                      codes, error->message);
        meaning = strstr(error->message, rows[i].meaning);
        ck_assert_msg(meaning != NULL, "%s: %s", codes, error->message);
        ck_assert_msg(strstr(meaning, codes) != NULL, "%s: %s", codes, error->message);
        ck_assert_msg(strstr(error->message, "crypto unit 2") != NULL, "%s", error->message);
        advice = tke_advice_for_error(error);
        ck_assert_msg(advice != NULL && strstr(advice, rows[i].advice) != NULL, "%s: %s", codes,
                      advice != NULL ? advice : "no advice");
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_every_code_is_told_in_words_with_a_next_step);
}

int
main(void)
{
    return test_main("unit-codes", add_tests);
}
