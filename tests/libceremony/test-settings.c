/*
 * The settings file: readers, limits of cards, service and sessions (functions 4.1).
 */
#include <check.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/card-session-private.h"
#include "libceremony/settings.h"
#include "libceremony/world-private.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* Settings of a world of the test's own with this file; NULL with the error. */
static TkeSettings *
load(const char *text, GError **error)
{
    static const char *const instances[] = { NULL };
    g_autofree char *dir = g_dir_make_tmp("tke-settings-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "settings.json", NULL);
    g_autoptr(TkeWorld) world = tke_world_new_of_parts(NULL, NULL, NULL, dir, instances);

    if (text != NULL) {
        ck_assert(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    }
    return tke_settings_load(world, error);
}

static const struct {
    const char *text;
    const char *named; /* what is refused; NULL: it is taken */
} rows[] = {
    { NULL, NULL },
    { "{}", NULL },
    { "{\"cardAnswerSeconds\":25,\"requestSeconds\":1,\"idleMinutes\":0}", NULL },
    { "{\"cardAnswerSeconds\":600,\"readers\":[\"A\",\"B\"]}", NULL },
    { "{\"requestSeconds\":300,\"idleMinutes\":1440}", NULL },
    { "{\"cardAnswerSeconds\":24}", "cardAnswerSeconds" }, /* a PIN alone may take 20 */
    { "{\"cardAnswerSeconds\":601}", "cardAnswerSeconds" },
    { "{\"cardAnswerSeconds\":-1}", "cardAnswerSeconds" },
    { "{\"cardAnswerSeconds\":4294967326}", "cardAnswerSeconds" }, /* 30 in 32 bits */
    { "{\"cardAnswerSeconds\":30.5}", "cardAnswerSeconds" },
    { "{\"cardAnswerSeconds\":\"30\"}", "cardAnswerSeconds" },
    { "{\"cardAnswerSeconds\":null}", "cardAnswerSeconds" },
    { "{\"cardAnswerSeconds\":[30]}", "cardAnswerSeconds" },
    { "{\"requestSeconds\":0}", "requestSeconds" },
    { "{\"requestSeconds\":301}", "requestSeconds" },
    { "{\"idleMinutes\":-1}", "idleMinutes" },
    { "{\"idleMinutes\":1441}", "idleMinutes" },
    { "{\"cardAnswerSeconds\":", "damaged" },
};

START_TEST(test_limits_are_taken_or_refused_with_the_name_of_the_file)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSettings) settings = load(rows[_i].text, &error);

    if (rows[_i].named != NULL) {
        ck_assert_ptr_null(settings);
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
        ck_assert_msg(strstr(error->message, "settings.json") != NULL, "%s", error->message);
        ck_assert_msg(strstr(error->message, rows[_i].named) != NULL, "%s", error->message);
    } else {
        ck_assert_msg(settings != NULL, "%s", error != NULL ? error->message : "no error");
    }
}
END_TEST

START_TEST(test_limits_reach_the_world)
{
    static const char *const instances[] = { NULL };
    g_autoptr(TkeSettings) settings =
        load("{\"cardAnswerSeconds\":40,\"requestSeconds\":20}", NULL);
    g_autoptr(TkeSettings) defaults = load("{}", NULL);
    g_autoptr(TkeWorld) world = tke_world_new_of_parts(NULL, NULL, NULL, "/nowhere", instances);

    tke_settings_limit_world(defaults, world);
    ck_assert_uint_eq(tke_world_get_request_ms(world), 0);
    tke_settings_limit_world(settings, world);
    ck_assert_uint_eq(tke_world_get_request_ms(world), 20000);
}
END_TEST

/* Is the card still unlocked after so many minutes in which nobody used it? */
static bool
is_unlocked_after(const char *text, unsigned minutes)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeSettings) settings = load(text, NULL);
    g_autoptr(GError) error = NULL;
    SimCard *card = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_restart(world);
    tke_settings_prepare_session(settings, world->session);
    card = g_hash_table_lookup(world->by_name, "member");
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2), card, &error));
    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    card_world_check(tke_card_session_need_pin(world->op, 2, TKE_PIN_FIRST, false, &error), error);
    ck_assert(tke_card_session_is_unlocked(world->session, 2, TKE_PIN_FIRST));
    tke_card_session_slot(world->session, 2)->used_at[0] -= (gint64) minutes * 60 * G_USEC_PER_SEC;
    return tke_card_session_is_unlocked(world->session, 2, TKE_PIN_FIRST);
}

START_TEST(test_a_card_that_nobody_uses_is_locked_after_as_long_as_the_settings_say)
{
    ck_assert(is_unlocked_after("{}", 14));
    ck_assert(!is_unlocked_after("{}", 15));
    ck_assert(is_unlocked_after("{\"idleMinutes\":2}", 1));
    ck_assert(!is_unlocked_after("{\"idleMinutes\":2}", 2));
    ck_assert(is_unlocked_after("{\"idleMinutes\":0}", 100000));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_limits_are_taken_or_refused_with_the_name_of_the_file, 0,
                        G_N_ELEMENTS(rows));
    tcase_add_test(tests, test_limits_reach_the_world);
    tcase_add_test(tests, test_a_card_that_nobody_uses_is_locked_after_as_long_as_the_settings_say);
}

int
main(void)
{
    return test_main("settings", add_tests);
}
