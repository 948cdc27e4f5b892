/*
 * What units show about steps that are unfinished, and what is no evidence (F-177).
 */
#include "common/hex.h"
#include "libep11admin/admin-block.h"
#include "tests/libceremony/journal-fixture.h"

#define UNKNOWN TKE_JOURNAL_UNKNOWN /* no signed answer tells whether a key is committed */
#define DONE TKE_JOURNAL_DONE
#define NOT_DONE TKE_JOURNAL_NOT_DONE

START_TEST(test_units_show_whether_a_step_was_done)
{
    static const struct {
        const char *action;
        const char *values;
        TkeRegisterState new_state;
        uint8_t new_byte;
        TkeRegisterState current_state;
        uint8_t current_byte;
        TkeJournalState shown;
    } cases[] = {
        { COMMIT, "{\"pattern\":\"" PATTERN "\"}", COMMITTED, 0xaa, EMPTY, 0, UNKNOWN },
        { COMMIT, "{\"pattern\":\"" PATTERN "\"}", COMMITTED, 0xbb, EMPTY, 0, NOT_DONE },
        { COMMIT, "{\"pattern\":\"" PATTERN "\"}", UNCOMMITTED, 0xaa, EMPTY, 0, UNKNOWN },
        { COMMIT, "{\"pattern\":\"" PATTERN "\"}", EMPTY, 0, VALID, 0xaa, DONE },
        { COMMIT, "{\"pattern\":7}", COMMITTED, 0xaa, EMPTY, 0, NOT_DONE },
        { ACTIVATE, "{\"pattern\":\"" PATTERN "\"}", EMPTY, 0, VALID, 0xaa, DONE },
        { ACTIVATE, "{\"pattern\":\"" PATTERN "\"}", EMPTY, 0, VALID, 0xbb, NOT_DONE },
        { ACTIVATE, "{\"pattern\":\"" PATTERN "\"}", COMMITTED, 0xaa, EMPTY, 0, NOT_DONE },
        { ACTIVATE, "{\"pattern\":\"" PATTERN "\"}", UNCOMMITTED, 0xbb, VALID, 0xaa, DONE },
        { LOAD, "{\"parts\":[]}", EMPTY, 0, VALID, 0xaa, NOT_DONE },
        { CLEAR_NEW, NULL, EMPTY, 0, EMPTY, 0, DONE },
        { CLEAR_NEW, NULL, COMMITTED, 0xaa, EMPTY, 0, NOT_DONE },
        { CLEAR_CURRENT, NULL, EMPTY, 0, EMPTY, 0, DONE },
        { CLEAR_CURRENT, NULL, EMPTY, 0, VALID, 0xaa, NOT_DONE },
        { THRESHOLDS, "{\"signature_threshold\":2,\"revocation_threshold\":2}", EMPTY, 0, EMPTY, 0,
          DONE },
        { THRESHOLDS, "{\"signature_threshold\":3,\"revocation_threshold\":2}", EMPTY, 0, EMPTY, 0,
          NOT_DONE },
        { THRESHOLDS, "{\"signature_threshold\":\"2\",\"revocation_threshold\":2}", EMPTY, 0, EMPTY,
          0, NOT_DONE },
        { ZEROIZE, NULL, EMPTY, 0, EMPTY, 0, NOT_DONE }, /* the thresholds are there */
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
        ck_assert_msg(now == cases[i].shown, "case %u: %d", i, now);
        (void) g_unlink(fixture.path);
    }
}
END_TEST

START_TEST(test_registers_that_are_not_signed_settle_nothing)
{
    static const char *const actions[] = { LOAD, COMMIT, ACTIVATE, CLEAR_NEW, CLEAR_CURRENT };

    for (unsigned i = 0; i < G_N_ELEMENTS(actions); i++) {
        for (unsigned shown = 0; shown < 2; shown++) {
            g_autoptr(TkeJournal) journal = load_journal();
            g_autoptr(JsonObject) values = values_of("{\"pattern\":\"" PATTERN "\"}");
            const TkeJournalEntry *entry;

            begin(journal, actions[i], values);
            entry = tke_journal_find(journal, actions[i], unit(1));
            for (unsigned number = 1; number <= 3; number++) {
                TkeUnitState state = shown == 0 ? state_of(number, EMPTY, 0, VALID, 0xaa)
                                                : state_of(number, COMMITTED, 0xaa, EMPTY, 0);
                TkeJournalState now = DONE;

                state.vps_signed = false;
                tke_journal_note_state(journal, &state);
                ck_assert(tke_journal_entry_get_state(entry, unit(number), &now));
                ck_assert_msg(now == UNKNOWN, "%s in unit %u: %d", actions[i], number, now);
            }
            ck_assert(tke_journal_save(journal, NULL));
            ck_assert_uint_eq(count(journal), 1);
            (void) g_unlink(fixture.path);
        }
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
    tke_journal_note_key(journal, LOAD, values, unit(1), key);
    tke_journal_note_state(journal, &one);
    tke_journal_note_state(journal, &two);
    tke_journal_note_state(journal, &three);
    text = tell_first(journal);
    ck_assert_msg(strstr(text, "not done in crypto unit 2; done in crypto unit 1, crypto unit 3") !=
                      NULL,
                  "%s", text);
}
END_TEST

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
    tke_journal_note_key(journal, LOAD, values, unit(1), key); /* the only change */
    memset(key, 0xbb, sizeof key);
    tke_journal_note_key(journal, LOAD, values, unit(1), key); /* the first one counts */
    ck_assert(tke_journal_save(journal, NULL));
    later = load_journal();
    ck_assert_str_eq(tke_journal_entry_get_key(tke_journal_find(later, LOAD, unit(1))), PATTERN);
    tke_journal_note_state(later, &foreign);
    tke_journal_note_state(later, &own);
    ck_assert_int_eq(state_in(later, 1), TKE_JOURNAL_NOT_DONE);
    ck_assert_int_eq(state_in(later, 2), TKE_JOURNAL_DONE);
}
END_TEST

/* The journal of a step that was sent to unit 1 when its counter was ff. */
static TkeJournal *
load_sent(const char *text)
{
    ck_assert(g_file_set_contents(fixture.path, text, -1, NULL));
    return load_journal();
}

/* The same domain, after more commands. */
static TkeUnitState
state_after(TkeRegisterState new_state, uint8_t new_byte, unsigned commands)
{
    TkeUnitState state = state_of(1, new_state, new_byte, EMPTY, 0);

    ck_assert(tke_hex_decode_exact(HEX_DOMAIN, state.identity.domain, sizeof state.identity.domain,
                                   NULL));
    ck_assert(tke_hex_decode_exact(HEX_MODULE, state.identity.module_id,
                                   sizeof state.identity.module_id, NULL));
    ck_assert(tke_hex_decode_exact(HEX_COUNTER, state.identity.counter,
                                   sizeof state.identity.counter, NULL));
    for (unsigned i = 0; i < commands; i++) {
        tke_admin_block_increment_counter(state.identity.counter, sizeof state.identity.counter);
    }
    return state;
}

START_TEST(test_what_was_sent_to_a_unit_is_noted_with_its_identity)
{
    g_autoptr(TkeJournal) journal = load_sent(SENT(CLEAR_NEW, ""));
    g_autoptr(TkeJournal) later = NULL;
    g_autofree char *text = NULL;
    TkeUnitState state = state_after(UNCOMMITTED, 0xaa, 1);

    begin(journal, ZEROIZE, NULL); /* a change, so that it is written */
    ck_assert(g_file_get_contents(fixture.path, &text, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(text, HEX_MODULE));
    ck_assert_ptr_nonnull(strstr(text, HEX_COUNTER));
    later = load_journal();
    ck_assert_uint_eq(count(later), 2);
    tke_journal_note_state(later, &state);
    ck_assert(tke_journal_save(later, NULL));
    /* not cleared: the step on unit 1 has not been done anywhere */
    ck_assert_uint_eq(count(later), 1);
}
END_TEST

START_TEST(test_answers_of_another_module_or_from_before_settle_nothing)
{
    for (unsigned i = 0; i < 3; i++) {
        g_autoptr(TkeJournal) journal = load_sent(SENT(CLEAR_NEW, ""));
        TkeUnitState state = state_after(EMPTY, 0, 1);

        if (i == 0) {
            state.identity.module_id[0] = '8'; /* of the serial number */
        } else if (i == 1) {
            state.identity.domain[3]++; /* of the index */
        } else {
            memset(state.identity.counter, 0, sizeof state.identity.counter);
        }
        tke_journal_note_state(journal, &state);
        ck_assert(tke_journal_save(journal, NULL));
        ck_assert_uint_eq(count(journal), 1);
    }
}
END_TEST

START_TEST(test_a_domain_that_was_zeroized_since_settles_what_was_sent_before)
{
    g_autoptr(TkeJournal) journal = load_sent(SENT(CLEAR_NEW, ""));
    TkeUnitState state = state_after(EMPTY, 0, 1);

    state.identity.domain[7]++; /* of the instance */
    memset(state.identity.counter, 0, sizeof state.identity.counter);
    tke_journal_note_state(journal, &state);
    ck_assert(tke_journal_save(journal, NULL));
    ck_assert_uint_eq(count(journal), 0);
}
END_TEST

START_TEST(test_the_key_of_a_load_is_known_where_exactly_one_command_was_done_since)
{
    for (unsigned commands = 0; commands < 4; commands++) {
        g_autoptr(TkeJournal) journal = load_sent(SENT(LOAD, ",\"values\":" TWO_PARTS));
        TkeUnitState state = state_after(UNCOMMITTED, 0xaa, commands);
        const TkeJournalEntry *entry = tke_journal_find(journal, LOAD, unit(1));
        g_autoptr(TkeJournalEntry) copy = tke_journal_entry_dup(entry);

        (void) tke_journal_entry_note_state(copy, &state);
        tke_journal_note_state(journal, &state);
        ck_assert_int_eq(state_in(journal, 1), commands == 1 ? DONE : UNKNOWN);
        ck_assert_str_eq(commands == 1 ? tke_journal_entry_get_key(entry) : PATTERN, PATTERN);
        ck_assert((tke_journal_entry_get_key(entry) != NULL) == (commands == 1));
        ck_assert((tke_journal_entry_get_key(copy) != NULL) == (commands == 1));
    }
}
END_TEST

START_TEST(test_one_command_in_another_instance_of_the_domain_shows_no_key)
{
    g_autoptr(TkeJournal) journal = load_sent(SENT(LOAD, ",\"values\":" TWO_PARTS));
    TkeUnitState state = state_after(UNCOMMITTED, 0xaa, 1);

    state.identity.domain[7]++;
    tke_journal_note_state(journal, &state);
    state = state_after(UNCOMMITTED, 0xaa, 1);
    state.vps_signed = false;
    tke_journal_note_state(journal, &state);
    ck_assert_ptr_null(tke_journal_entry_get_key(tke_journal_find(journal, LOAD, unit(1))));
    ck_assert_int_eq(state_in(journal, 1), UNKNOWN);
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
    ck_assert(
        tke_journal_entry_get_state(tke_journal_find(journal, CLEAR_NEW, unit(1)), unit(1), &now));
    ck_assert_int_eq(now, TKE_JOURNAL_UNKNOWN);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, test_units_show_whether_a_step_was_done);
    tcase_add_test(tests, test_registers_that_are_not_signed_settle_nothing);
    tcase_add_test(tests, test_another_key_than_that_of_the_load_counts_as_not_loaded);
    tcase_add_test(tests, test_the_key_of_a_load_is_never_learned_from_a_register);
    tcase_add_test(tests, test_the_key_that_a_unit_signed_for_is_on_disk);
    tcase_add_test(tests, test_what_was_sent_to_a_unit_is_noted_with_its_identity);
    tcase_add_test(tests, test_answers_of_another_module_or_from_before_settle_nothing);
    tcase_add_test(tests, test_a_domain_that_was_zeroized_since_settles_what_was_sent_before);
    tcase_add_test(tests, test_the_key_of_a_load_is_known_where_exactly_one_command_was_done_since);
    tcase_add_test(tests, test_one_command_in_another_instance_of_the_domain_shows_no_key);
    tcase_add_test(tests, test_units_that_cannot_be_read_settle_nothing);
}

int
main(void)
{
    return test_main("journal-units", add_tests);
}
