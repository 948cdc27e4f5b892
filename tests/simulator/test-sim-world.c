/*
 * The directory of a world: made, loaded, refused.
 */
#include <check.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "common/error.h"
#include "libsmartcard/card-transport.h"
#include "simulator/sim-scenario.h"
#include "simulator/sim-world.h"
#include "tests/simulator/world-fixture.h"
#include "tests/support/test-main.h"

static const SimWorldOptions standard = { .delay_ms = -1 };

static void
write_file(const char *directory, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);

    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static mode_t
mode_of(const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    struct stat info = { 0 };

    ck_assert_int_eq(stat(path, &info), 0);
    return info.st_mode & 0777;
}

START_TEST(test_new_world_has_what_its_scenario_says)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(SimWorld) world = test_world_open(directory);
    SimCardInfo info = { 0 };

    ck_assert_uint_eq(sim_world_get_n_readers(world), 2);
    ck_assert_uint_eq(sim_world_get_n_cards(world), 3);
    ck_assert_str_eq(sim_card_get_name(sim_world_get_card(world, 0)), "ca-1");
    sim_card_get_info(sim_world_get_card(world, 1), &info);
    ck_assert_int_eq((int) info.kind, (int) SIM_CARD_EP11);
    ck_assert(!info.extended_length);
    ck_assert_uint_eq(sim_service_get_n_units(sim_world_get_service(world)), 1);
    ck_assert_str_eq(sim_world_get_profile(world), "none");
}
END_TEST

START_TEST(test_world_is_private_to_its_user)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(SimWorld) world = NULL;

    ck_assert_int_eq(chmod(directory->path, 0755), 0);
    world = test_world_open(directory);
    ck_assert_uint_eq(mode_of(directory->path, "."), 0700);
    ck_assert_uint_eq(mode_of(directory->path, "cards"), 0700);
    ck_assert_uint_eq(mode_of(directory->path, "workstation"), 0700);
    ck_assert_uint_eq(mode_of(directory->path, "cards/ca-1.json"), 0600);
    ck_assert_uint_eq(mode_of(directory->path, "scenario.json"), 0600);
}
END_TEST

START_TEST(test_card_is_where_it_was_when_the_world_is_opened_again)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(GError) error = NULL;
    SimWorld *world = test_world_open(directory);
    SimCardInfo before = { 0 };
    SimCardInfo after = { 0 };

    sim_card_get_info(sim_world_get_card(world, 1), &before);
    ck_assert(sim_world_insert(world, 2, "ep11-1", &error));
    sim_world_free(world);

    world = test_world_open(directory);
    ck_assert_uint_eq(sim_world_get_place(world, sim_world_get_card(world, 0)), 0);
    ck_assert_uint_eq(sim_world_get_place(world, sim_world_get_card(world, 1)), 2);
    sim_card_get_info(sim_world_get_card(world, 1), &after);
    ck_assert_mem_eq(before.card_id, after.card_id, sizeof before.card_id);
    ck_assert(sim_world_remove(world, 2, &error));
    sim_world_free(world);

    world = test_world_open(directory);
    ck_assert_uint_eq(sim_world_get_place(world, sim_world_get_card(world, 1)), 0);
    sim_world_free(world);
}
END_TEST

/* Serial number of a reader, from 1; the caller frees. */
static char *
serial_of(SimWorld *world, unsigned number)
{
    uint32_t generation = 0;
    g_autoptr(GPtrArray) readers = sim_world_list_readers(world, number, &generation);
    const TkeReaderInfo *info = NULL;

    ck_assert_uint_eq(readers->len, 1);
    info = g_ptr_array_index(readers, 0);
    return g_strdup(info->serial);
}

static void
put_in_the_way(const TestDirectory *directory)
{
    g_autofree char *path = g_build_filename(directory->path, "readers.json", NULL);
    g_autofree char *below = g_build_filename(path, "in-the-way", NULL);

    g_unlink(path);
    ck_assert_int_eq(g_mkdir_with_parents(below, 0700), 0);
}

/* Not even for a moment: who watches would take the card for inserted. */
START_TEST(test_move_that_cannot_be_saved_does_not_happen)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(SimWorld) world = test_world_open(directory);
    g_autoptr(GError) insertion = NULL;
    g_autoptr(GError) removal = NULL;
    uint64_t revision = 0;

    ck_assert(sim_world_insert(world, 1, "ca-1", NULL));
    put_in_the_way(directory);
    revision = sim_world_wait_revision(world, 0, 0);

    ck_assert(!sim_world_insert(world, 2, "ep11-1", &insertion));
    ck_assert_ptr_nonnull(strstr(insertion->message, "readers.json: cannot be written"));
    ck_assert_uint_eq(sim_world_get_place(world, sim_world_get_card(world, 1)), 0);
    ck_assert(!sim_world_remove(world, 1, &removal));
    ck_assert_ptr_nonnull(strstr(removal->message, "readers.json: cannot be written"));
    ck_assert_uint_eq(sim_world_get_place(world, sim_world_get_card(world, 0)), 1);
    ck_assert_uint_eq(sim_world_wait_revision(world, 0, 0), revision);
}
END_TEST

START_TEST(test_serial_numbers_of_readers_are_the_worlds_own_and_stay)
{
    g_autoptr(TestDirectory) one = test_directory_new();
    g_autoptr(TestDirectory) other = test_directory_new();
    SimWorld *world = test_world_open(one);
    g_autoptr(SimWorld) second = test_world_open(other);
    g_autofree char *before = serial_of(world, 2);
    g_autofree char *elsewhere = serial_of(second, 2);
    g_autofree char *none = serial_of(world, 1);
    g_autofree char *after = NULL;

    ck_assert_msg(g_str_has_prefix(before, "R2-") && strlen(before) == 9, "%s", before);
    ck_assert_str_ne(before, elsewhere);
    ck_assert_str_eq(none, ""); /* the scenario gives it none */
    sim_world_free(world);
    world = test_world_open(one);
    after = serial_of(world, 2);
    ck_assert_str_eq(before, after);
    sim_world_free(world);
}
END_TEST

START_TEST(test_mark_that_is_none_is_named)
{
    static const char *const texts[] = { "{\"mark\": \"R2\"}", "{\"mark\": \"abcdef\"}", "{}",
                                         "x" };
    g_autoptr(TestDirectory) directory = test_directory_new();

    sim_world_free(test_world_open(directory));
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        SimWorld *world = NULL;

        write_file(directory->path, "mark.json", texts[i]);
        world = sim_world_new(directory->path, &standard, &error);
        ck_assert_ptr_null(world);
        ck_assert_msg(strstr(error->message, "mark.json") != NULL, "%s", error->message);
    }
}
END_TEST

START_TEST(test_world_that_is_in_use_is_refused)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(SimWorld) world = test_world_open(directory);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(sim_world_new(directory->path, &standard, &error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_LOCKED));
    ck_assert_uint_eq(sim_world_get_n_cards(world), 3);
}
END_TEST

START_TEST(test_directory_with_other_things_is_refused_and_left_alone)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autofree char *cards = g_build_filename(directory->path, "cards", NULL);
    g_autoptr(GError) error = NULL;

    write_file(directory->path, "thesis.txt", "x");
    ck_assert_int_eq(chmod(directory->path, 0755), 0);
    ck_assert_ptr_null(sim_world_new(directory->path, &standard, &error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_SETUP));
    ck_assert_ptr_nonnull(strstr(error->message, "thesis.txt"));
    ck_assert(!g_file_test(cards, G_FILE_TEST_EXISTS));
    ck_assert_uint_eq(mode_of(directory->path, "."), 0755);
}
END_TEST

START_TEST(test_world_that_was_not_finished_is_made_anew)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autofree char *scenario = g_build_filename(directory->path, "scenario.json", NULL);
    g_autofree char *half = g_build_filename(directory->path, "cards", "ca-1.json.abc123", NULL);
    SimWorld *world = test_world_open(directory);

    sim_world_free(world);
    ck_assert_int_eq(g_unlink(scenario), 0);
    ck_assert(g_file_set_contents(half, "{", -1, NULL));
    world = test_world_open(directory);
    ck_assert_uint_eq(sim_world_get_n_cards(world), 3);
    ck_assert(g_file_test(scenario, G_FILE_TEST_EXISTS));
    ck_assert(!g_file_test(half, G_FILE_TEST_EXISTS));
    sim_world_free(world);
}
END_TEST

START_TEST(test_another_scenario_than_that_of_the_world_is_refused)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(GError) error = NULL;
    SimWorldOptions other = standard;

    sim_world_free(test_world_open(directory));
    g_free(directory->scenario);
    directory->scenario = test_scenario_write(directory, "other", "");
    other.scenario = directory->scenario;
    ck_assert_ptr_null(sim_world_new(directory->path, &other, &error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_SETUP));
}
END_TEST

START_TEST(test_damaged_card_file_is_named)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(GError) error = NULL;

    sim_world_free(test_world_open(directory));
    write_file(directory->path, "cards/ep11-1.json", "{\"half\":");
    ck_assert_ptr_null(sim_world_new(directory->path, &standard, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "ep11-1.json"));
}
END_TEST

START_TEST(test_unknown_profile_is_refused)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(GError) error = NULL;
    SimWorldOptions options = { .delay_ms = -1,
                                .scenario = directory->scenario,
                                .profile = "J9000" };

    ck_assert_ptr_null(sim_world_new(directory->path, &options, &error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE));
    ck_assert_ptr_nonnull(strstr(error->message, "J9000"));
}
END_TEST

START_TEST(test_readers_and_cards_that_are_not_there_are_told)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(SimWorld) world = test_world_open(directory);
    const char *const labels[] = { "ep11-7", "", "../ca-1", "ca-1.json" };

    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(!sim_world_insert(world, 1, labels[i], &error));
        ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE));
    }
    ck_assert(!sim_world_insert(world, 3, "ca-1", NULL));
    ck_assert(!sim_world_insert(world, 0, "ca-1", NULL));
    ck_assert(!sim_world_remove(world, 1, NULL));
}
END_TEST

START_TEST(test_card_cannot_be_in_two_readers)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(SimWorld) world = test_world_open(directory);

    ck_assert(sim_world_insert(world, 1, "ca-1", NULL));
    ck_assert(!sim_world_insert(world, 2, "ca-1", NULL));
    ck_assert(!sim_world_insert(world, 1, "ep11-1", NULL));
    ck_assert_uint_eq(sim_world_get_place(world, sim_world_get_card(world, 0)), 1);
}
END_TEST

START_TEST(test_every_change_of_the_readers_has_a_new_number)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(SimWorld) world = test_world_open(directory);
    uint32_t first = sim_world_get_generation(world);
    uint32_t second = 0;
    uint32_t third = 0;
    uint32_t fourth = 0;

    ck_assert(sim_world_insert(world, 1, "ca-1", NULL));
    second = sim_world_get_generation(world);
    sim_world_set_plugged(world, 2, false);
    third = sim_world_get_generation(world);
    sim_world_clear_faults(world);
    fourth = sim_world_get_generation(world);
    ck_assert_uint_ne(first, second);
    ck_assert_uint_ne(second, third);
    ck_assert_uint_ne(third, fourth);
}
END_TEST

START_TEST(test_reader_that_is_unplugged_is_not_listed)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(SimWorld) world = test_world_open(directory);
    g_autoptr(GPtrArray) infos = NULL;
    uint32_t generation = 0;

    sim_world_set_plugged(world, 1, false);
    infos = sim_world_list_readers(world, 0, &generation);
    ck_assert_uint_eq(infos->len, 1);
    ck_assert_ptr_null(sim_world_find_reader(world, "Left"));
    ck_assert_ptr_nonnull(sim_world_find_reader(world, "Right"));
}
END_TEST

/* What a scenario is refused for. */
static const struct {
    const char *text;
    const char *named; /* part of the message */
} bad_scenarios[] = {
    { "", "JSON" },
    { "[]", "object" },
    { "{}", "format" },
    { "{\"format\":2}", "format" },
    { "{\"format\":1}", "name" },
    { "{\"format\":1,\"name\":\"x\"}", "readers" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[1]}", "readers" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[{}]}", "name" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[{\"name\":\"a\"},{\"name\":\"a\"}]}", "\"a\"" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[{\"name\":\"a\",\"pin_pad\":1}]}", "pin_pad" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[{\"name\":\"a\",\"keypad\":\"qwerty\"}]}",
      "qwerty" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[{\"name\":\"a\",\"keypad\":\"ct710\","
      "\"pin_pad\":false}]}",
      "ct710" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[],\"cards\":[{}]}", "label" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[],\"cards\":[{\"label\":\"a/"
      "b\",\"applet\":\"ca\"}]}",
      "label" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[],\"cards\":[{\"label\":\"a\",\"applet\":\"x\"}]}",
      "applet" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[],\"cards\":[{\"label\":\"a\",\"applet\":\"ca\"},"
      "{\"label\":\"A\",\"applet\":\"ca\"}]}",
      "\"A\"" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[],\"cards\":[]}", "service" },
    { "{\"format\":1,\"name\":\"x\",\"readers\":[],\"cards\":[],\"service\":{},\"delay_ms\":-1}",
      "delay_ms" },
};

START_TEST(test_scenario_that_makes_no_sense_is_refused_by_name)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autofree char *path = g_build_filename(directory->path, "bad.json", NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(bad_scenarios); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(g_file_set_contents(path, bad_scenarios[i].text, -1, NULL));
        ck_assert_ptr_null(sim_scenario_load(path, &error));
        ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_INVALID_DATA));
        ck_assert_msg(strstr(error->message, bad_scenarios[i].named) != NULL, "%zu: %s", i,
                      error->message);
    }
}
END_TEST

START_TEST(test_unknown_scenario_is_told)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(sim_scenario_find("no-such-scenario", &error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_FILE));
    ck_assert_ptr_nonnull(strstr(error->message, "no-such-scenario"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_new_world_has_what_its_scenario_says);
    tcase_add_test(tests, test_world_is_private_to_its_user);
    tcase_add_test(tests, test_card_is_where_it_was_when_the_world_is_opened_again);
    tcase_add_test(tests, test_move_that_cannot_be_saved_does_not_happen);
    tcase_add_test(tests, test_serial_numbers_of_readers_are_the_worlds_own_and_stay);
    tcase_add_test(tests, test_mark_that_is_none_is_named);
    tcase_add_test(tests, test_world_that_is_in_use_is_refused);
    tcase_add_test(tests, test_directory_with_other_things_is_refused_and_left_alone);
    tcase_add_test(tests, test_world_that_was_not_finished_is_made_anew);
    tcase_add_test(tests, test_another_scenario_than_that_of_the_world_is_refused);
    tcase_add_test(tests, test_damaged_card_file_is_named);
    tcase_add_test(tests, test_unknown_profile_is_refused);
    tcase_add_test(tests, test_readers_and_cards_that_are_not_there_are_told);
    tcase_add_test(tests, test_card_cannot_be_in_two_readers);
    tcase_add_test(tests, test_every_change_of_the_readers_has_a_new_number);
    tcase_add_test(tests, test_reader_that_is_unplugged_is_not_listed);
    tcase_add_test(tests, test_scenario_that_makes_no_sense_is_refused_by_name);
    tcase_add_test(tests, test_unknown_scenario_is_told);
}

int
main(void)
{
    return test_main("sim-world", add_tests);
}
