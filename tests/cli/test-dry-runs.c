/*
 * Dry runs: what they tell, of crypto units and of the cards that are in, and that they change
 * nothing at all (functions 4; F-174).
 */
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

START_TEST(test_dry_runs_change_neither_cards_nor_crypto_units)
{
    static const char *const lines[] = {
        "zone create --zone-description z --card-description c",
        "zone backup",
        "zone test-backup",
        "card enroll",
        "card personalize --description d",
        "card unblock",
        "card change-pin",
        "card set-description --description d",
        "card generate-signature-key --name n --replace",
        "card generate-key-part --description d",
        "card copy",
        "card delete --place 1",
        "cryptounit-add 1",
        "cryptounit-rm 1",
        "cryptounit-leave",
        "cryptounit-leave --listed",
        "cryptounit-admin-add",
        "cryptounit-thrhld-set --signature 1 --revocation 1",
        "cryptounit-mk-load --part any --part any",
        "cryptounit-mk-commit",
        "cryptounit-mk-setimm",
        "cryptounit-mk-clrnew",
        "cryptounit-mk-clrcur",
        "cryptounit-zeroize",
    };
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *cards = place_digest(place, "cards");
    g_autofree char *units = place_digest(place, "units");
    g_autofree char *workstation = place_digest(place, "workstation");
    g_autofree char *log = place_dup_log_head(place);

    place_sim(place, "insert 1 ep11-1");
    place_sim(place, "insert 2 ep11-5");
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *line = g_strconcat("--dry-run --json ", lines[i], NULL);
        g_auto(Run) run = place_rehearsal(place, line);
        g_autofree char *cards_now = place_digest(place, "cards");
        g_autofree char *units_now = place_digest(place, "units");
        g_autofree char *workstation_now = place_digest(place, "workstation");

        /* 3: the registers are not in the state that the command needs; 4: nor is the card */
        ck_assert_msg(run.exit_code == 0 || run.exit_code == 3 ||
                          (run.exit_code == 4 && strcmp(lines[i], "card unblock") == 0),
                      "%s: %d %s", lines[i], run.exit_code, run.out);
        ck_assert_msg(json_object_get_boolean_member(run.json, "dry_run"), "%s", lines[i]);
        ck_assert_msg(run.exit_code == 3 || g_str_has_prefix(lines[i], "cryptounit-leave") ||
                          json_array_get_length(json_object_get_array_member(run.json, "plan")) > 0,
                      "%s tells no plan: %s", lines[i], run.out);
        ck_assert_msg(strcmp(cards, cards_now) == 0, "%s changed a card", lines[i]);
        ck_assert_msg(strcmp(units, units_now) == 0, "%s changed a crypto unit", lines[i]);
        ck_assert_msg(strcmp(workstation, workstation_now) == 0, "%s changed a file", lines[i]);
    }
    {
        g_autofree char *now = place_dup_log_head(place);
        g_auto(Run) list = place_expect(place, 0, "--json cryptounits");

        ck_assert_str_eq(now, log);
        ck_assert(json_object_get_boolean_member(
            json_array_get_object_element(place_get_table(&list, "units"), 0), "selected"));
    }
}
END_TEST

START_TEST(test_dry_runs_tell_what_would_be_done)
{
    static const struct {
        const char *line;
        const char *told[4];
    } runs[] = {
        { "card unblock", { "Would give the EP11 card in reader 2 its tries back" } },
        { "cryptounit-add 1 2",
          { "crypto unit 1 is selected already", "Would select crypto unit 2" } },
        { "cryptounit-rm 1 2",
          { "Would unselect crypto unit 1", "crypto unit 2 is not selected" } },
        { "--select 1,3 cryptounit-admin-add",
          { "Would add", "crypto unit 1: 2 administrators", "crypto unit 3: 2 administrators",
            "2 administrators sign" } },
        { "cryptounit-thrhld-set --signature 1 --revocation 1",
          { "The thresholds will be changed:", "2 administrators sign" } },
        { "cryptounit-mk-clrnew", { "will be cleared in:", "1 administrator signs" } },
        { "cryptounit-mk-clrcur", { "will be cleared in:", "1 administrator signs" } },
        { "cryptounit-zeroize", { "will be zeroized:", "1 administrator signs" } },
    };
    g_autoptr(Place) place = place_enter_finished();
    g_auto(Run) unselect G_GNUC_UNUSED = place_expect(place, 0, "cryptounit-rm 2 3");
    g_auto(Run) unknown = { 0 };

    for (unsigned i = 0; i < G_N_ELEMENTS(runs); i++) {
        g_autofree char *line = g_strconcat("--dry-run --json ", runs[i].line, NULL);
        g_autofree char *text_line = g_strconcat("--dry-run ", runs[i].line, NULL);
        g_auto(Run) run = place_expect(place, 0, line);
        g_auto(Run) text = place_expect(place, 0, text_line);
        g_autoptr(JsonNode) node =
            json_node_init_array(json_node_alloc(), json_object_get_array_member(run.json, "plan"));
        g_autofree char *plan = json_to_string(node, FALSE);

        assert_contains(text.out, "Dry run: nothing was done.");
        for (unsigned k = 0; k < G_N_ELEMENTS(runs[i].told) && runs[i].told[k] != NULL; k++) {
            assert_contains(plan, runs[i].told[k]);
            assert_contains(text.out, runs[i].told[k]);
        }
        ck_assert_ptr_null(strstr(plan, "imprint mode"));
    }
    unknown = place_expect(place, 2, "--dry-run --json cryptounit-add 99");
    ck_assert(json_object_get_boolean_member(unknown.json, "dry_run"));
}
END_TEST

typedef struct Look {
    const char *cards[2]; /* that lie in reader 1 and 2 */
    const char *line;
    int exit_code;
    const char *told[5];
} Look;

static const Look looks[] = {
    { { NULL, NULL },
      "card delete --place 40",
      0,
      { "Would delete keys from the card in reader 2.", "Reader 2: no card is inserted.",
        "Reader 2 would ask for a card: “Insert a personalized EP11 card.”" } },
    { { NULL, "ep11-5" },
      "card delete --place 40",
      4,
      { "Reader 2: this card would be taken: EP11 card “", "the card has no key part 40" } },
    { { NULL, "ep11-5" },
      "card delete --place 1",
      0,
      { "key part 1 “", "will be deleted", "There is no way back", "Type the PIN of card",
        "3 tries are left" } },
    { { NULL, "ep11-1" },
      "card delete --ski 00000000",
      4,
      { "no signature key that begins with “00000000”" } },
    { { NULL, "ca-1" },
      "card delete --place 1",
      0,
      { "Reader 2: This is a CA card; an EP11 card is wanted.", "Reader 2 would ask for a card" } },
    { { NULL, "ep11-5" }, "card set-description --description d --place 40", 4, { "key part 40" } },
    { { NULL, "ep11-1" },
      "card generate-signature-key --name n",
      4,
      { "the card has a signature key already" } },
    { { NULL, "ep11-1" },
      "card generate-signature-key --name n --replace",
      0,
      { "will be replaced", "loses this signer", "Type the PIN of card" } },
    { { NULL, "ep11-5" }, "card generate-key-part --description d", 0, { "Type the PIN of card" } },
    { { "ep11-1", "ep11-5" },
      "card copy",
      0,
      { "Reader 1: this card would be taken", "Reader 2: this card would be taken",
        "Reader 1 would ask: “Type the PIN", "Reader 2 would ask: “Type the PIN" } },
    { { "ep11-1", "ep11-5" }, "card copy --ski 00000000", 4, { "does not begin with “00000000”" } },
    { { "ep11-5", "ep11-1" }, "card copy --place 40", 4, { "40" } },
    { { NULL, "ep11-5" },
      "card copy",
      0,
      { "Insert the EP11 card to be copied.", "Reader 2: this card would be taken" } },
    { { "ca-1", "ep11-5" }, "card unblock", 4, { "this card is not blocked: 3 tries are left" } },
    { { "ca-1", NULL },
      "card unblock",
      0,
      { "Reader 1: this card would be taken: CA card “", "Type the first PIN of CA card",
        "Type the second PIN of CA card", "5 tries are left", "Insert the blocked EP11 card." } },
    { { "ca-1", "ep11-5" },
      "card enroll",
      0,
      { "Type the second PIN of CA card", "This is the EP11 card “", "take a blank card" } },
    { { "ca-1", "ep11-5" },
      "--confirm x card enroll",
      0,
      { "The card in reader 2 is in use. It will be overwritten.",
        "Everything on it is erased for good.",
        "Reader 2: the applet would be loaded onto the card." } },
    { { "ca-1", "ca-2" }, "--confirm x card enroll", 0, { "CA card of this very zone" } },
    { { "ca-1", NULL },
      "zone backup",
      0,
      { "Type the first PIN of CA card", "Insert a blank card for a CA card." } },
    { { "ca-1", "ca-2" }, "--confirm x zone backup", 0, { "It will be overwritten." } },
    { { "ca-2", NULL }, "zone test-backup", 0, { "CA card “", "Type the second PIN" } },
    { { "ca-1", NULL },
      "card change-pin --reader 1 --pin 2",
      0,
      { "costs the other PIN", "Type the old second PIN of CA card" } },
    { { "ca-1", NULL },
      "card info --reader 1 --check",
      0,
      { "Type the first PIN of CA card", "Type the second PIN of CA card" } },
    { { NULL, "ep11-5" }, "card change-pin", 0, { "Type the old PIN of card" } },
    { { NULL, "ep11-5" },
      "card personalize --description d",
      0,
      { "personalized already", "Insert an enrolled EP11 card that has no PIN." } },
    { { NULL, "ep11-5" },
      "card acceptance-test --reader 2",
      0,
      { "Would test the card in reader 2", "Reader 2: this card would be taken: EP11 card “" } },
};

/* Every text that was told is in the plan too, for programs; an error is beside it. */
static void
check_look(Place *place, const Look *look)
{
    g_autofree char *line = g_strconcat("--dry-run --json ", look->line, NULL);
    g_autofree char *text_line = g_strconcat("--dry-run ", look->line, NULL);
    g_autofree char *cards = place_digest(place, "cards");
    g_autofree char *workstation = place_digest(place, "workstation");
    g_auto(Run) run = place_rehearsal(place, line);
    g_auto(Run) text = place_rehearsal(place, text_line);
    g_autofree char *cards_now = place_digest(place, "cards");
    g_autofree char *workstation_now = place_digest(place, "workstation");

    ck_assert_msg(run.exit_code == look->exit_code, "%s: %d %s", look->line, run.exit_code,
                  run.out);
    ck_assert_int_eq(text.exit_code, look->exit_code);
    for (unsigned i = 0; i < G_N_ELEMENTS(look->told) && look->told[i] != NULL; i++) {
        assert_contains(run.out, look->told[i]);
        assert_contains(text.out, look->told[i]);
    }
    ck_assert_msg(strcmp(cards, cards_now) == 0, "%s changed a card", look->line);
    ck_assert_msg(strcmp(workstation, workstation_now) == 0, "%s changed a file", look->line);
}

START_TEST(test_dry_runs_look_at_the_cards_that_are_in)
{
    g_autoptr(Place) place = place_enter_finished();
    g_auto(Run) first G_GNUC_UNUSED = place_expect(place, 0, "card info"); /* starts the world */

    for (unsigned i = 0; i < G_N_ELEMENTS(looks); i++) {
        for (unsigned reader = 1; reader <= 2; reader++) {
            const char *card = looks[i].cards[reader - 1];
            g_autofree char *line = g_strdup_printf("insert %u %s", reader, card);

            if (card != NULL) {
                place_sim(place, line);
            }
        }
        check_look(place, &looks[i]);
        for (unsigned reader = 1; reader <= 2; reader++) {
            g_autofree char *line = g_strdup_printf("remove %u", reader);

            if (looks[i].cards[reader - 1] != NULL) {
                place_sim(place, line);
            }
        }
    }
}
END_TEST

/* Types a wrong PIN until the card is blocked. */
static void
block(Place *place)
{
    g_autoptr(SimOfficersProgram) program =
        place_start(place, "card set-description --description d");

    for (unsigned i = 0; i < 3; i++) {
        place_sim(place, "pin 2 999999");
    }
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 4);
}

START_TEST(test_dry_runs_know_a_blocked_card_and_a_card_of_another_zone)
{
    static const Look blocked[] = {
        { { NULL }, "card delete --place 1", 4, { "the PIN of this EP11 card is blocked" } },
        { { NULL }, "card change-pin", 4, { "the PIN of this EP11 card is blocked" } },
        { { NULL },
          "card unblock",
          0,
          { "Type the second PIN of CA card", "Reader 2: this card would be taken: EP11 card “" } },
    };
    static const Look other[] = {
        { { NULL }, "card unblock", 0, { "This card belongs to zone", "would ask for a card" } },
    };
    g_autoptr(Place) place = place_enter_finished();

    place_sim(place, "insert 2 ep11-5");
    block(place);
    place_sim(place, "insert 1 ca-1");
    for (unsigned i = 0; i < G_N_ELEMENTS(blocked); i++) {
        check_look(place, &blocked[i]);
    }
    place_sim(place, "remove 1");
    place_sim(place, "remove 2");
    {
        g_auto(Run) info = { 0 };
        SimOfficersTask create = { "", NULL, { { "ca-2" }, { NULL } }, { NULL } };
        g_autofree char *command = NULL;

        place_sim(place, "insert 1 ca-2");
        info = place_expect(place, 0, "--json card info --reader 1");
        command = g_strdup_printf(
            "--confirm \"%s\" zone create --zone-description other --card-description other",
            json_object_get_string_member(
                json_array_get_object_element(json_object_get_array_member(info.json, "cards"), 0),
                "description"));
        place_sim(place, "remove 1");
        create.command = command;
        place_act(place, 0, &create);
    }
    place_sim(place, "insert 2 ep11-5");
    for (unsigned i = 0; i < G_N_ELEMENTS(other); i++) {
        check_look(place, &other[i]);
    }
}
END_TEST

/* In a world where nothing was recorded yet. */
START_TEST(test_a_dry_run_makes_no_log)
{
    g_autoptr(Place) place = place_enter_new();
    g_autofree char *log = g_build_filename(place->world, "workstation", "activity.log", NULL);
    g_autofree char *missed = g_strconcat(log, ".missed", NULL);
    g_auto(Run) run = place_expect(place, 0, "--dry-run card delete --place 1");

    assert_contains(run.out, "Dry run: nothing was done.");
    ck_assert(!g_file_test(log, G_FILE_TEST_EXISTS));
    ck_assert(!g_file_test(missed, G_FILE_TEST_EXISTS));
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse();
    tcase_add_test(tests, test_dry_runs_change_neither_cards_nor_crypto_units);
    tcase_add_test(tests, test_dry_runs_tell_what_would_be_done);
    tcase_add_test(tests, test_dry_runs_look_at_the_cards_that_are_in);
    tcase_add_test(tests, test_dry_runs_know_a_blocked_card_and_a_card_of_another_zone);
    tcase_add_test(tests, test_a_dry_run_makes_no_log);
}

int
main(void)
{
    return test_main("dry-runs", add_tests);
}
