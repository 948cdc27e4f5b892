/*
 * The journal: what is written when, what is read back, and what is left (F-177).
 */
#include "tests/libceremony/journal-fixture.h"

START_TEST(test_what_is_begun_is_on_disk_before_anything_happens)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(TkeJournal) later = NULL;
    g_autofree char *text = NULL;
    TkeJournalState state = TKE_JOURNAL_DONE;
    GStatBuf info;

    begin(journal, ZEROIZE, NULL);
    later = load_journal();
    ck_assert_uint_eq(count(later), 1);
    text = tell_first(later);
    ck_assert_msg(g_str_has_prefix(text, "Unfinished: Zeroize, begun 20"), "%s", text);
    ck_assert_msg(g_str_has_suffix(text, ": not known in crypto unit 1, crypto unit 2, crypto unit "
                                         "3. “tke cryptounit-zeroize” continues it."),
                  "%s", text);
    ck_assert(
        tke_journal_entry_get_state(tke_journal_find(later, ZEROIZE, unit(2)), unit(2), &state));
    ck_assert_int_eq(state, TKE_JOURNAL_UNKNOWN);
    ck_assert_ptr_null(tke_journal_find(later, LOAD, unit(2)));
    ck_assert_int_eq(g_stat(fixture.path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
}
END_TEST

START_TEST(test_a_step_is_finished_where_all_have_done_it_or_none)
{
    static const struct {
        TkeJournalState states[3];
        unsigned unfinished;
    } cases[] = {
        { { TKE_JOURNAL_DONE, TKE_JOURNAL_DONE, TKE_JOURNAL_DONE }, 0 },
        { { TKE_JOURNAL_NOT_DONE, TKE_JOURNAL_NOT_DONE, TKE_JOURNAL_NOT_DONE }, 0 },
        { { TKE_JOURNAL_DONE, TKE_JOURNAL_NOT_DONE, TKE_JOURNAL_DONE }, 1 },
        { { TKE_JOURNAL_DONE, TKE_JOURNAL_DONE, TKE_JOURNAL_UNKNOWN }, 1 },
        { { TKE_JOURNAL_NOT_DONE, TKE_JOURNAL_NOT_DONE, TKE_JOURNAL_UNKNOWN }, 1 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TkeJournal) journal = load_journal();
        g_autoptr(TkeJournal) later = NULL;

        begin(journal, CLEAR_NEW, NULL);
        for (unsigned number = 1; number <= 3; number++) {
            note(journal, CLEAR_NEW, NULL, number, cases[i].states[number - 1]);
        }
        ck_assert(tke_journal_save(journal, NULL));
        later = load_journal();
        ck_assert_uint_eq(count(later), cases[i].unfinished);
        ck_assert_uint_eq(count(journal), cases[i].unfinished);
        (void) g_unlink(fixture.path);
    }
}
END_TEST

START_TEST(test_a_load_goes_on_with_the_same_parts_from_other_cards)
{
    g_autoptr(JsonObject) first =
        values_of("{\"parts\":[{\"pattern\":\"aa\",\"card\":\"1\"},{\"pattern\":\"bb\"}]}");
    g_autoptr(JsonObject) copies =
        values_of("{\"parts\":[{\"pattern\":\"bb\"},{\"pattern\":\"aa\",\"card\":\"2\"}]}");
    g_autoptr(JsonObject) others =
        values_of("{\"parts\":[{\"pattern\":\"aa\"},{\"pattern\":\"cc\"}]}");
    g_autoptr(TkeJournal) journal = load_journal();
    g_auto(GStrv) patterns = NULL;

    begin(journal, LOAD, first);
    begin(journal, LOAD, copies);
    ck_assert_uint_eq(count(journal), 1);
    patterns = tke_journal_entry_dup_patterns(tke_journal_find(journal, LOAD, unit(1)));
    ck_assert_uint_eq(g_strv_length(patterns), 2);
    ck_assert_str_eq(patterns[1], "bb");
    begin(journal, LOAD, others);
    ck_assert_uint_eq(count(journal), 2);
    for (unsigned number = 1; number <= 3; number++) {
        note(journal, LOAD, copies, number, TKE_JOURNAL_DONE);
    }
    ck_assert(tke_journal_save(journal, NULL));
    ck_assert_uint_eq(count(journal), 1);
}
END_TEST

static GPtrArray *
only(unsigned number)
{
    GPtrArray *units = g_ptr_array_new();

    g_ptr_array_add(units, unit(number));
    return units;
}

START_TEST(test_a_step_in_other_units_is_another_step)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(GPtrArray) first = only(1);
    g_autoptr(GPtrArray) second = only(2);

    ck_assert(tke_journal_begin(journal, CLEAR_NEW, NULL, first, NULL));
    ck_assert(tke_journal_begin(journal, CLEAR_NEW, NULL, second, NULL));
    ck_assert_uint_eq(count(journal), 2);
    note(journal, CLEAR_NEW, NULL, 2, TKE_JOURNAL_NOT_DONE);
    ck_assert(tke_journal_save(journal, NULL));
    ck_assert_uint_eq(count(journal), 1); /* nobody has done the second one */
    note(journal, CLEAR_NEW, NULL, 1, TKE_JOURNAL_DONE);
    ck_assert(tke_journal_save(journal, NULL));
    ck_assert_uint_eq(count(journal), 0);
}
END_TEST

START_TEST(test_steps_that_were_begun_apart_are_one_once_a_command_concerns_both)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(TkeJournal) later = NULL;
    g_autoptr(GPtrArray) first = only(1);
    g_autoptr(GPtrArray) second = only(2);
    g_autoptr(JsonObject) values = values_of("{\"pattern\":\"" PATTERN "\"}");

    ck_assert(tke_journal_begin(journal, COMMIT, values, first, NULL));
    ck_assert(tke_journal_begin(journal, COMMIT, values, second, NULL));
    ck_assert_uint_eq(count(journal), 2);
    begin(journal, COMMIT, values);
    ck_assert_uint_eq(count(journal), 1);
    for (unsigned number = 1; number <= fixture.units->len; number++) {
        note(journal, COMMIT, values, number, TKE_JOURNAL_DONE);
    }
    ck_assert(tke_journal_save(journal, NULL));
    later = load_journal();
    ck_assert_uint_eq(count(later), 0);
}
END_TEST

START_TEST(test_what_is_known_of_a_unit_is_kept_when_steps_become_one)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(GPtrArray) first = only(1);
    g_autoptr(GPtrArray) rest = g_ptr_array_new();
    g_autoptr(GPtrArray) joined = g_ptr_array_new();
    g_autofree char *text = NULL;

    g_ptr_array_add(rest, unit(2));
    g_ptr_array_add(rest, unit(3));
    g_ptr_array_add(joined, unit(1));
    g_ptr_array_add(joined, unit(2));
    ck_assert(tke_journal_begin(journal, CLEAR_NEW, NULL, first, NULL));
    ck_assert(tke_journal_begin(journal, CLEAR_NEW, NULL, rest, NULL));
    note(journal, CLEAR_NEW, NULL, 3, TKE_JOURNAL_DONE);
    ck_assert(tke_journal_begin(journal, CLEAR_NEW, NULL, joined, NULL));
    note(journal, CLEAR_NEW, NULL, 1, TKE_JOURNAL_DONE);
    note(journal, CLEAR_NEW, NULL, 2, TKE_JOURNAL_NOT_DONE);
    ck_assert(tke_journal_save(journal, NULL));
    ck_assert_uint_eq(count(journal), 1);
    text = tell_first(journal);
    ck_assert_msg(strstr(text, "not done in crypto unit 2; done in crypto unit 1, crypto unit 3") !=
                      NULL,
                  "%s", text);
}
END_TEST

START_TEST(test_steps_are_apart_again_where_what_makes_them_one_cannot_be_noted)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(GPtrArray) first = only(1);
    g_autoptr(GPtrArray) second = only(2);
    g_autoptr(GError) error = NULL;

    ck_assert(tke_journal_begin(journal, CLEAR_NEW, NULL, first, NULL));
    ck_assert(tke_journal_begin(journal, CLEAR_NEW, NULL, second, NULL));
    ck_assert_int_eq(g_unlink(fixture.path), 0);
    ck_assert_int_eq(g_mkdir(fixture.path, 0700), 0);
    ck_assert(!tke_journal_begin(journal, CLEAR_NEW, NULL, fixture.units, &error));
    ck_assert_int_eq(g_rmdir(fixture.path), 0);
    ck_assert_uint_eq(count(journal), 2);
    note(journal, CLEAR_NEW, NULL, 2, TKE_JOURNAL_NOT_DONE);
    ck_assert(tke_journal_save(journal, &error));
    ck_assert_uint_eq(count(journal), 1);
}
END_TEST

START_TEST(test_an_administrator_is_the_same_whatever_the_name)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(JsonObject) alice =
        values_of("{\"administrator\":\"Alice\",\"ski\":\"" PATTERN "\"}");
    g_autoptr(JsonObject) other =
        values_of("{\"administrator\":\"Alice B.\",\"ski\":\"" PATTERN "\"}");
    g_autoptr(JsonObject) bob = values_of("{\"administrator\":\"Alice\",\"ski\":\"" OTHER "\"}");

    begin(journal, ADMIN_ADD, alice);
    begin(journal, ADMIN_ADD, other);
    ck_assert_uint_eq(count(journal), 1);
    begin(journal, ADMIN_ADD, bob);
    ck_assert_uint_eq(count(journal), 2);
}
END_TEST

START_TEST(test_patterns_are_the_same_whatever_their_last_bytes)
{
    static const char truncated[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa00000000";
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(JsonObject) whole = values_of("{\"pattern\":\"" PATTERN "\"}");
    g_autoptr(JsonObject) other = values_of("{\"pattern\":\"" OTHER "\"}");
    g_autoptr(JsonObject) cut = json_object_new();

    json_object_set_string_member(cut, "pattern", truncated);
    begin(journal, COMMIT, whole);
    begin(journal, COMMIT, cut);
    ck_assert_uint_eq(count(journal), 1);
    ck_assert_ptr_nonnull(tke_journal_find_same(journal, COMMIT, cut, unit(1)));
    begin(journal, COMMIT, other);
    ck_assert_uint_eq(count(journal), 2);
}
END_TEST

START_TEST(test_a_unit_that_was_set_up_anew_since_is_told)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(TkeJournal) later = NULL;
    TkeUnitState one = state_of(1, UNCOMMITTED, 0xaa, EMPTY, 0);
    TkeUnitState two = state_of(2, UNCOMMITTED, 0xaa, EMPTY, 0);
    g_autofree char *text = NULL;
    const TkeJournalEntry *entry;

    begin(journal, CLEAR_NEW, NULL);
    note(journal, CLEAR_NEW, NULL, 1, TKE_JOURNAL_DONE);
    note(journal, CLEAR_NEW, NULL, 2, TKE_JOURNAL_NOT_DONE);
    note(journal, CLEAR_NEW, NULL, 3, TKE_JOURNAL_DONE);
    tke_journal_note_state(journal, &one);
    tke_journal_note_state(journal, &two);
    ck_assert(tke_journal_save(journal, NULL));
    later = load_journal();
    text = tell_first(later);
    ck_assert_msg(strstr(text, "not done in crypto unit 2; done, and changed since, in crypto unit "
                               "1; done in crypto unit 3") != NULL,
                  "%s", text);
    entry = tke_journal_find(later, CLEAR_NEW, unit(1));
    ck_assert(tke_journal_entry_was_done(entry, unit(1)));
    ck_assert(!tke_journal_entry_was_done(entry, unit(2)));
    ck_assert(tke_journal_entry_was_done(entry, unit(3)));
}
END_TEST

START_TEST(test_units_that_are_gone_can_be_left)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(TkeJournal) later = NULL;
    g_autoptr(GPtrArray) still = only(1);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) gone = NULL;
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(GPtrArray) unlisted = NULL;
    g_autofree char *text = NULL;
    const TkeJournalEntry *entry;

    begin(journal, CLEAR_NEW, NULL);
    note(journal, CLEAR_NEW, NULL, 1, TKE_JOURNAL_DONE);
    note(journal, CLEAR_NEW, NULL, 2, TKE_JOURNAL_DONE);
    ck_assert(tke_journal_save(journal, NULL));
    later = load_journal();
    entry = tke_journal_find(later, CLEAR_NEW, unit(1));
    text = tke_journal_entry_tell(entry, still);
    ck_assert_msg(strstr(text, "tke cryptounit-leave") != NULL, "%s", text);
    unlisted = tke_journal_entry_dup_left(entry, none, NULL); /* another instance is looked at */
    ck_assert_uint_eq(unlisted->len, 0);
    all = tke_journal_entry_dup_left(entry, still, still);
    ck_assert_uint_eq(all->len, 3);
    gone = tke_journal_entry_dup_left(entry, still, NULL);
    ck_assert_uint_eq(gone->len, 2);
    ck_assert_str_eq(((TkeJournalLeftUnit *) gone->pdata[1])->id, "h3");
    ck_assert_str_eq(((TkeJournalLeftUnit *) gone->pdata[1])->state, "unknown");
    ck_assert(tke_journal_leave(later, entry, gone, NULL));
    ck_assert_uint_eq(count(later), 0); /* what is left of it was done */
}
END_TEST

START_TEST(test_steps_of_other_units_are_not_told)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(GPtrArray) others = g_ptr_array_new();
    const TkeJournalEntry *entry;

    begin(journal, CLEAR_NEW, NULL);
    entry = tke_journal_find(journal, CLEAR_NEW, unit(1));
    ck_assert_ptr_null(tke_journal_entry_tell(entry, others));
}
END_TEST

#define LOAD_OF(rest)                                                                              \
    "{\"unfinished\":[{\"action\":\"" LOAD "\",\"started\":\"x\",\"units\":[]" rest "}]}"

START_TEST(test_a_load_that_is_noted_as_it_should_be_is_read)
{
    g_autoptr(TkeJournal) journal = NULL;

    ck_assert(g_file_set_contents(fixture.path, LOAD_OF(",\"values\":" TWO_PARTS), -1, NULL));
    journal = load_journal();
    ck_assert_uint_eq(count(journal), 1);
}
END_TEST

START_TEST(test_a_damaged_journal_is_put_aside_and_what_is_lost_is_told)
{
    static const char *const damaged[] = {
        "",
        "[]",
        "{\"unfinished\":3}",
        "{\"other\":[]}",
        "{\"unfinished\":[3]}",
        "{\"unfinished\":[{}]}",
        "{\"unfinished\":[{\"action\":\"no-such\",\"started\":\"x\",\"units\":[]}]}",
        "{\"unfinished\":[{\"action\":\"" LOAD "\",\"started\":4,\"units\":[]}]}",
        "{\"unfinished\":[{\"action\":\"" LOAD "\",\"started\":\"x\",\"units\":{}}]}",
        "{\"unfinished\":[{\"action\":\"" LOAD "\",\"started\":\"x\",\"units\":[{}]}]}",
        "{\"unfinished\":[{\"action\":\"" LOAD "\",\"started\":\"x\",\"units\":[{\"id\":\"h1\","
        "\"location\":\"l\",\"state\":\"maybe\"}]}]}",
        "{\"unfinished\":[",
        LOAD_OF(""),
        LOAD_OF(",\"values\":{\"parts\":[]}"),
        LOAD_OF(",\"values\":{\"parts\":[{\"pattern\":\"" PATTERN "\"}]}"),
        LOAD_OF(",\"values\":{\"parts\":[{\"pattern\":\"" PATTERN "\"},{\"pattern\":\"bb\"}]}"),
        LOAD_OF(",\"values\":{\"parts\":[{\"pattern\":\"" PATTERN "\"},{\"pattern\":\"" OTHER
                "\"},7]}"),
        LOAD_OF(",\"values\":" TWO_PARTS ",\"key\":\"zz\""),
        SENT(CLEAR_NEW, ",\"units\":7"),
        "{\"unfinished\":[{\"action\":\"" CLEAR_NEW
        "\",\"started\":\"x\",\"units\":[{\"id\":\"h1\","
        "\"location\":\"l\",\"state\":\"unknown\",\"before\":{\"domain\":\"00\"}}]}]}",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(damaged); i++) {
        g_autofree char *aside = g_strdup_printf("%s.damaged-%u", fixture.path, i % 2 + 1);
        g_autofree char *kept = NULL;
        g_autoptr(TkeJournal) next = NULL;
        g_autoptr(GError) error = NULL;

        ck_assert(g_file_set_contents(fixture.path, damaged[i], -1, NULL));
        ck_assert_msg(tke_journal_load(fixture.dir, &error) == NULL, "%s", damaged[i]);
        ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_FILE));
        ck_assert_ptr_nonnull(strstr(error->message, fixture.path));
        ck_assert_msg(strstr(error->message, aside) != NULL, "%s", error->message);
        ck_assert_ptr_nonnull(strstr(error->message, "tke cryptounit-mk,"));
        ck_assert(g_file_get_contents(aside, &kept, NULL, NULL));
        ck_assert_str_eq(kept, damaged[i]);
        next = load_journal();
        ck_assert_uint_eq(count(next), 0);
        if (i % 2 == 1) { /* a name that is taken is not taken again */
            g_autofree char *first = g_strdup_printf("%s.damaged-1", fixture.path);

            ck_assert_int_eq(g_unlink(aside), 0);
            ck_assert_int_eq(g_unlink(first), 0);
        }
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, test_what_is_begun_is_on_disk_before_anything_happens);
    tcase_add_test(tests, test_a_step_is_finished_where_all_have_done_it_or_none);
    tcase_add_test(tests, test_a_load_goes_on_with_the_same_parts_from_other_cards);
    tcase_add_test(tests, test_a_step_in_other_units_is_another_step);
    tcase_add_test(tests, test_steps_that_were_begun_apart_are_one_once_a_command_concerns_both);
    tcase_add_test(tests, test_what_is_known_of_a_unit_is_kept_when_steps_become_one);
    tcase_add_test(tests, test_steps_are_apart_again_where_what_makes_them_one_cannot_be_noted);
    tcase_add_test(tests, test_an_administrator_is_the_same_whatever_the_name);
    tcase_add_test(tests, test_patterns_are_the_same_whatever_their_last_bytes);
    tcase_add_test(tests, test_a_unit_that_was_set_up_anew_since_is_told);
    tcase_add_test(tests, test_units_that_are_gone_can_be_left);
    tcase_add_test(tests, test_steps_of_other_units_are_not_told);
    tcase_add_test(tests, test_a_load_that_is_noted_as_it_should_be_is_read);
    tcase_add_test(tests, test_a_damaged_journal_is_put_aside_and_what_is_lost_is_told);
}

int
main(void)
{
    return test_main("journal", add_tests);
}
