/*
 * The journal: what is written when, what is read back, and what units show about it.
 */
#include "libceremony/journal.h"

#include <glib/gstdio.h>
#include <string.h>

#include "common/error.h"
#include "tests/support/test-main.h"

#define INSTANCE "11112222-3333-4444-5555-666677778888"
#define LOAD "tke-cryptounit-master-key-register.add"
#define COMMIT "tke-cryptounit-master-key-register.commit"
#define ACTIVATE "tke-cryptounit-master-key-register.activate"
#define CLEAR_NEW "tke-cryptounit-new-master-key-register.clear"
#define CLEAR_CURRENT "tke-cryptounit-current-master-key-register.clear"
#define THRESHOLDS "tke-cryptounit-threshold.set"
#define ZEROIZE "tke-cryptounit.reset"
#define PATTERN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

typedef struct Fixture {
    char *dir;
    char *path;
    GPtrArray *units;
} Fixture;

static Fixture fixture;

static void
set_up(void)
{
    static const char list[] = "{\"hsms\":["
                               "{\"hsm_id\":\"h1\",\"location\":\"[us-south].[AZ1-CS1].[00].[03]\","
                               "\"serial_number\":\"93AA0001\"},"
                               "{\"hsm_id\":\"h2\",\"location\":\"[us-south].[AZ2-CS2].[01].[04]\","
                               "\"serial_number\":\"93AA0002\"},"
                               "{\"hsm_id\":\"h3\",\"location\":\"[us-south].[AZ3-CS3].[02].[05]\","
                               "\"serial_number\":\"93AA0003\"}]}";
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) entries = tke_unit_list_parse(200, list, sizeof list - 1, &error);

    ck_assert_msg(entries != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(entries->len, 3);
    fixture.dir = g_dir_make_tmp("opentke-journal-XXXXXX", NULL);
    fixture.path = g_build_filename(fixture.dir, "opentke-journal.json", NULL);
    fixture.units = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_unref);
    for (unsigned i = 0; i < entries->len; i++) {
        TkeUnit *unit = tke_unit_new(INSTANCE, g_ptr_array_index(entries, i), i + 1, &error);

        ck_assert_ptr_nonnull(unit);
        g_ptr_array_add(fixture.units, unit);
    }
}

static void
tear_down(void)
{
    g_ptr_array_unref(fixture.units);
    (void) g_unlink(fixture.path);
    (void) g_rmdir(fixture.dir);
    g_free(fixture.path);
    g_free(fixture.dir);
}

static TkeUnit *
unit(unsigned number)
{
    return g_ptr_array_index(fixture.units, number - 1);
}

static TkeJournal *
load_journal(void)
{
    g_autoptr(GError) error = NULL;
    TkeJournal *journal = tke_journal_load(fixture.dir, &error);

    ck_assert_msg(journal != NULL, "%s", error != NULL ? error->message : "");
    return journal;
}

static JsonObject *
values_of(const char *text)
{
    g_autoptr(JsonNode) node = json_from_string(text, NULL);

    ck_assert_ptr_nonnull(node);
    return json_node_dup_object(node);
}

static void
begin(TkeJournal *journal, const char *action, JsonObject *values)
{
    g_autoptr(GError) error = NULL;

    ck_assert_msg(tke_journal_begin(journal, action, values, fixture.units, &error), "%s",
                  error != NULL ? error->message : "");
}

static void
note(TkeJournal *journal, const char *action, JsonObject *values, unsigned number,
     TkeJournalState state)
{
    tke_journal_note(journal, action, values, unit(number), state);
}

static unsigned
count(const TkeJournal *journal)
{
    return tke_journal_get_unfinished(journal)->len;
}

static char *
tell_first(const TkeJournal *journal)
{
    ck_assert_uint_gt(count(journal), 0);
    return tke_journal_entry_tell(g_ptr_array_index(tke_journal_get_unfinished(journal), 0),
                                  fixture.units);
}

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
    ck_assert(tke_journal_entry_get_state(tke_journal_find(later, ZEROIZE, unit(2)), unit(2),
                                          &state));
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

/* A unit that answers with these registers, thresholds of 2 and no administrators. */
static TkeUnitState
state_of(unsigned number, TkeRegisterState new_state, uint8_t new_byte,
         TkeRegisterState current_state, uint8_t current_byte)
{
    static GPtrArray *none;
    TkeUnitState state = { .unit = unit(number), .imprint = false };

    none = none == NULL ? g_ptr_array_new() : none;
    state.admins = none;
    state.attributes.value[TKE_ATTRIBUTE_SIGN_THR] = 2;
    state.attributes.value[TKE_ATTRIBUTE_REVOKE_THR] = 2;
    state.registers.new_state = new_state;
    state.registers.current_state = current_state;
    memset(state.registers.new_vp, new_byte, 32);
    memset(state.registers.current_vp, current_byte, 32);
    return state;
}

#define EMPTY TKE_REGISTER_EMPTY
#define VALID TKE_REGISTER_VALID
#define UNCOMMITTED TKE_REGISTER_FULL_UNCOMMITTED
#define COMMITTED TKE_REGISTER_FULL_COMMITTED

START_TEST(test_units_show_whether_a_step_was_done)
{
    static const struct {
        const char *action;
        const char *values;
        TkeRegisterState new_state;
        uint8_t new_byte;
        TkeRegisterState current_state;
        uint8_t current_byte;
        bool done;
    } cases[] = {
        { COMMIT, "{\"pattern\":\"" PATTERN "\"}", COMMITTED, 0xaa, EMPTY, 0, true },
        { COMMIT, "{\"pattern\":\"" PATTERN "\"}", COMMITTED, 0xbb, EMPTY, 0, false },
        { COMMIT, "{\"pattern\":\"" PATTERN "\"}", UNCOMMITTED, 0xaa, EMPTY, 0, false },
        { COMMIT, "{\"pattern\":\"" PATTERN "\"}", EMPTY, 0, VALID, 0xaa, true },
        { COMMIT, "{\"pattern\":7}", COMMITTED, 0xaa, EMPTY, 0, false },
        { ACTIVATE, "{\"pattern\":\"" PATTERN "\"}", EMPTY, 0, VALID, 0xaa, true },
        { ACTIVATE, "{\"pattern\":\"" PATTERN "\"}", EMPTY, 0, VALID, 0xbb, false },
        { ACTIVATE, "{\"pattern\":\"" PATTERN "\"}", COMMITTED, 0xaa, EMPTY, 0, false },
        { ACTIVATE, "{\"pattern\":\"" PATTERN "\"}", UNCOMMITTED, 0xbb, VALID, 0xaa, true },
        { LOAD, "{\"parts\":[]}", EMPTY, 0, VALID, 0xaa, false },
        { CLEAR_NEW, NULL, EMPTY, 0, EMPTY, 0, true },
        { CLEAR_NEW, NULL, COMMITTED, 0xaa, EMPTY, 0, false },
        { CLEAR_CURRENT, NULL, EMPTY, 0, EMPTY, 0, true },
        { CLEAR_CURRENT, NULL, EMPTY, 0, VALID, 0xaa, false },
        { THRESHOLDS, "{\"signature_threshold\":2,\"revocation_threshold\":2}", EMPTY, 0, EMPTY, 0,
          true },
        { THRESHOLDS, "{\"signature_threshold\":3,\"revocation_threshold\":2}", EMPTY, 0, EMPTY, 0,
          false },
        { THRESHOLDS, "{\"signature_threshold\":\"2\",\"revocation_threshold\":2}", EMPTY, 0, EMPTY,
          0, false },
        { ZEROIZE, NULL, EMPTY, 0, EMPTY, 0, false }, /* the thresholds are there */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TkeJournal) journal = load_journal();
        g_autoptr(JsonObject) values = cases[i].values != NULL ? values_of(cases[i].values) : NULL;
        TkeUnitState state = state_of(2, cases[i].new_state, cases[i].new_byte,
                                      cases[i].current_state, cases[i].current_byte);
        TkeJournalState now = TKE_JOURNAL_UNKNOWN;

        begin(journal, cases[i].action, values);
        tke_journal_note_state(journal, &state);
        ck_assert(tke_journal_entry_get_state(tke_journal_find(journal, cases[i].action, unit(2)),
                                              unit(2), &now));
        ck_assert_msg(now == (cases[i].done ? TKE_JOURNAL_DONE : TKE_JOURNAL_NOT_DONE),
                      "case %u: %d", i, now);
        (void) g_unlink(fixture.path);
    }
}
END_TEST

START_TEST(test_another_key_than_that_of_the_load_counts_as_not_loaded)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(JsonObject) values = values_of("{\"parts\":[{\"pattern\":\"aa\"}]}");
    TkeUnitState one = state_of(1, UNCOMMITTED, 0xaa, EMPTY, 0);
    TkeUnitState two = state_of(2, UNCOMMITTED, 0xbb, EMPTY, 0);
    TkeUnitState three = state_of(3, EMPTY, 0, VALID, 0xaa); /* taken on to the current register */
    uint8_t key[TKE_VP_LEN];
    g_autofree char *text = NULL;

    memset(key, 0xaa, sizeof key);
    begin(journal, LOAD, values);
    tke_journal_note_key(journal, LOAD, values, key);
    tke_journal_note_state(journal, &one);
    tke_journal_note_state(journal, &two);
    tke_journal_note_state(journal, &three);
    text = tell_first(journal);
    ck_assert_msg(strstr(text, "not done in crypto unit 2; done in crypto unit 1, crypto unit 3") !=
                      NULL,
                  "%s", text);
}
END_TEST

#define TWO_PARTS "{\"parts\":[{\"pattern\":\"" PATTERN "\"},{\"pattern\":\"" OTHER "\"}]}"

static TkeJournalState
state_in(const TkeJournal *journal, unsigned number)
{
    TkeJournalState now = TKE_JOURNAL_UNKNOWN;

    ck_assert(tke_journal_entry_get_state(tke_journal_find(journal, LOAD, unit(number)),
                                          unit(number), &now));
    return now;
}

START_TEST(test_the_key_of_a_load_is_never_learned_from_a_register)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(JsonObject) values = values_of(TWO_PARTS);
    TkeUnitState foreign = state_of(1, UNCOMMITTED, 0xbb, EMPTY, 0);
    TkeUnitState empty = state_of(2, EMPTY, 0, EMPTY, 0);

    begin(journal, LOAD, values);
    tke_journal_note_state(journal, &foreign);
    tke_journal_note_state(journal, &empty);
    ck_assert_ptr_null(tke_journal_entry_get_key(tke_journal_find(journal, LOAD, unit(1))));
    ck_assert_int_eq(state_in(journal, 1), TKE_JOURNAL_UNKNOWN);
    ck_assert_int_eq(state_in(journal, 2), TKE_JOURNAL_NOT_DONE);
}
END_TEST

START_TEST(test_the_key_that_a_unit_signed_for_is_on_disk)
{
    g_autoptr(TkeJournal) journal = load_journal();
    g_autoptr(TkeJournal) later = NULL;
    g_autoptr(JsonObject) values = values_of(TWO_PARTS);
    TkeUnitState foreign = state_of(1, UNCOMMITTED, 0xbb, EMPTY, 0);
    TkeUnitState own = state_of(2, UNCOMMITTED, 0xaa, EMPTY, 0);
    uint8_t key[TKE_VP_LEN];

    begin(journal, LOAD, values);
    memset(key, 0xaa, sizeof key);
    tke_journal_note_key(journal, LOAD, values, key); /* the only change */
    memset(key, 0xbb, sizeof key);
    tke_journal_note_key(journal, LOAD, values, key); /* the first one counts */
    ck_assert(tke_journal_save(journal, NULL));
    later = load_journal();
    ck_assert_str_eq(tke_journal_entry_get_key(tke_journal_find(later, LOAD, unit(1))), PATTERN);
    tke_journal_note_state(later, &foreign);
    tke_journal_note_state(later, &own);
    ck_assert_int_eq(state_in(later, 1), TKE_JOURNAL_NOT_DONE);
    ck_assert_int_eq(state_in(later, 2), TKE_JOURNAL_DONE);
}
END_TEST

START_TEST(test_units_that_cannot_be_read_settle_nothing)
{
    g_autoptr(TkeJournal) journal = load_journal();
    TkeUnitState state = state_of(1, EMPTY, 0, EMPTY, 0);
    g_autoptr(GError) why = g_error_new_literal(TKE_ERROR, TKE_ERROR_INVALID_DATA, "garbage");
    TkeJournalState now = TKE_JOURNAL_DONE;

    state.error = why;
    begin(journal, CLEAR_NEW, NULL);
    tke_journal_note_state(journal, &state);
    ck_assert(tke_journal_entry_get_state(tke_journal_find(journal, CLEAR_NEW, unit(1)), unit(1),
                                          &now));
    ck_assert_int_eq(now, TKE_JOURNAL_UNKNOWN);
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

START_TEST(test_a_damaged_journal_is_refused_by_name)
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
        "{\"unfinished\":[{\"action\":\"" LOAD
        "\",\"started\":\"x\",\"units\":[{\"id\":\"h1\",\"location\":\"l\",\"state\":\"maybe\"}]}]}",
        "{\"unfinished\":[",
        LOAD_OF(""),
        LOAD_OF(",\"values\":{\"parts\":[]}"),
        LOAD_OF(",\"values\":{\"parts\":[{\"pattern\":\"" PATTERN "\"}]}"),
        LOAD_OF(",\"values\":{\"parts\":[{\"pattern\":\"" PATTERN "\"},{\"pattern\":\"bb\"}]}"),
        LOAD_OF(",\"values\":{\"parts\":[{\"pattern\":\"" PATTERN "\"},{\"pattern\":\"" OTHER
                "\"},7]}"),
        LOAD_OF(",\"values\":" TWO_PARTS ",\"key\":\"zz\""),
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(damaged); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(g_file_set_contents(fixture.path, damaged[i], -1, NULL));
        ck_assert_msg(tke_journal_load(fixture.dir, &error) == NULL, "%s", damaged[i]);
        ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_FILE));
        ck_assert_ptr_nonnull(strstr(error->message, fixture.path));
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
    tcase_add_test(tests, test_units_show_whether_a_step_was_done);
    tcase_add_test(tests, test_another_key_than_that_of_the_load_counts_as_not_loaded);
    tcase_add_test(tests, test_the_key_of_a_load_is_never_learned_from_a_register);
    tcase_add_test(tests, test_the_key_that_a_unit_signed_for_is_on_disk);
    tcase_add_test(tests, test_units_that_cannot_be_read_settle_nothing);
    tcase_add_test(tests, test_steps_of_other_units_are_not_told);
    tcase_add_test(tests, test_a_load_that_is_noted_as_it_should_be_is_read);
    tcase_add_test(tests, test_a_damaged_journal_is_refused_by_name);
}

int
main(void)
{
    return test_main("journal", add_tests);
}
