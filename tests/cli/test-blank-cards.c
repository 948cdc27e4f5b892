/*
 * Cards that are initialised, and initialised again, by the real programs: any card of the box,
 * used ones (P-5), cards that are not fit, cards that are pulled while they are loaded (functions
 * 2.2, 2.3, 2.6; F-035, F-041).
 */
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

static const SimOfficersTask create = {
    "", "zone create", { { "ca-1" }, { NULL } }, { "Zone", "CA card" }
};
static const SimOfficersTask enroll = { "", "card enroll", { { "ca-1" }, { "ep11-1" } }, { NULL } };
static const SimOfficersTask personalize = {
    "", "card personalize", { { NULL }, { "ep11-1" } }, { "Alice" }
};
static const SimOfficersTask make_key = {
    "", "card generate-signature-key", { { NULL }, { "ep11-1" } }, { "Alice" }
};

/* What tke-sim tells of a card; the caller unrefs. */
static JsonObject *
card_of(Place *place, const char *label)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strdup_printf("%s/cards/%s.json", place->world, label);
    g_autofree char *text = NULL;
    g_autoptr(JsonNode) node = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, &error));
    node = json_from_string(text, &error);
    ck_assert_ptr_nonnull(node);
    return json_object_ref(json_node_get_object(node));
}

static char *
dup_id(Place *place, const char *label)
{
    g_autoptr(JsonObject) card = card_of(place, label);

    return g_strdup(json_object_get_string_member(card, "card_id"));
}

static bool
is_blank(Place *place, const char *label)
{
    g_autoptr(JsonObject) card = card_of(place, label);
    JsonObject *manager = json_object_get_object_member(card, "manager");

    return json_object_get_int_member(card, "kind") == 0 &&
           !json_object_has_member(manager, "package");
}

static int64_t
life_cycle(Place *place, const char *label)
{
    g_autoptr(JsonObject) card = card_of(place, label);

    return json_object_get_int_member(card, "life_cycle");
}

/* Tries of the card's only key set. */
static int64_t
tries(Place *place, const char *label)
{
    g_autoptr(JsonObject) card = card_of(place, label);
    JsonObject *manager = json_object_get_object_member(card, "manager");
    JsonArray *sets = json_object_get_array_member(manager, "key_sets");

    return json_object_get_int_member(json_array_get_object_element(sets, 0), "tries");
}

/* Nothing is in the readers: the next command asks for its cards. */
static void
clear_desk(Place *place)
{
    ck_assert(sim_officers_desk_remove(place->desk, 1, NULL));
    ck_assert(sim_officers_desk_remove(place->desk, 2, NULL));
}

START_TEST(test_a_rehearsal_begins_with_blank_cards)
{
    g_autoptr(Place) place = place_enter_new();
    static const char *const labels[] = { "ca-1",   "ca-2",   "ep11-1", "ep11-2",
                                          "ep11-3", "ep11-4", "ep11-5", "ep11-6",
                                          "ep11-7", "ep11-8", "ep11-9", "ep11-10" };

    for (size_t i = 0; i < G_N_ELEMENTS(labels); i++) {
        ck_assert_msg(is_blank(place, labels[i]), "%s", labels[i]);
    }
}
END_TEST

/* The label of a card says nothing about what it becomes. */
START_TEST(test_any_card_of_the_box_becomes_either_kind)
{
    static const SimOfficersTask other_create = {
        "", "zone create", { { "ep11-9" }, { NULL } }, { "Zone", "CA card" }
    };
    static const SimOfficersTask other_enroll = {
        "", "card enroll", { { "ep11-9" }, { "ca-2" } }, { NULL }
    };
    g_autoptr(Place) place = place_enter_new();
    g_autoptr(JsonObject) ca = NULL;
    g_autoptr(JsonObject) card = NULL;

    place_act(place, 0, &other_create);
    place_act(place, 0, &other_enroll);
    ca = card_of(place, "ep11-9");
    card = card_of(place, "ca-2");
    ck_assert_int_eq(json_object_get_int_member(ca, "kind"), 1);
    ck_assert_int_eq(json_object_get_int_member(card, "kind"), 2);
    ck_assert_int_eq(json_object_get_int_member(card, "life_cycle"), 3);
}
END_TEST

/* Enrolled, personalised, with a key; then from the beginning again. */
START_TEST(test_a_used_card_is_initialised_again_after_its_description_was_typed)
{
    g_autoptr(Place) place = place_enter_new();
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    g_autoptr(JsonObject) card = NULL;

    place_act(place, 0, &create);
    place_act(place, 0, &enroll);
    place_act(place, 0, &personalize);
    place_act(place, 0, &make_key);
    before = dup_id(place, "ep11-1");
    clear_desk(place);
    place_act(place, 0, &enroll); /* people type the word that is asked for */
    after = dup_id(place, "ep11-1");
    ck_assert_str_ne(after, before);
    card = card_of(place, "ep11-1");
    ck_assert_int_eq(json_object_get_int_member(card, "life_cycle"), 3);
    ck_assert_str_eq(json_object_get_string_member(card, "description"), "");
    ck_assert(!json_object_has_member(card, "signature_key"));
    place_act(place, 0, &personalize);
    place_act(place, 0, &make_key);
    ck_assert_int_eq(life_cycle(place, "ep11-1"), 4);
}
END_TEST

START_TEST(test_another_word_leaves_a_used_card_as_it_was)
{
    g_autoptr(Place) place = place_enter_new();
    g_autoptr(SimOfficersProgram) program = NULL;
    g_autoptr(JsonObject) prompt = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    g_auto(GStrv) digits = g_new0(char *, 3);

    digits[0] = sim_officers_people_dup_pin("ca-1", 1);
    digits[1] = sim_officers_people_dup_pin("ca-1", 2);
    place_act(place, 0, &create);
    place_act(place, 0, &enroll);
    place_act(place, 0, &personalize);
    clear_desk(place);
    before = place_digest(place, "cards");
    ck_assert(sim_officers_desk_insert(place->desk, 1, "ca-1", NULL));
    program = place_start(place, "card enroll");
    for (unsigned i = 0; i < 2; i++) {
        ck_assert(sim_officers_desk_type(place->desk, 1, digits[i], NULL));
    }
    prompt = place_wait_event(program, "prompt", "insert");
    ck_assert(sim_officers_desk_insert(place->desk, 2, "ep11-1", NULL));
    g_clear_pointer(&prompt, json_object_unref);
    prompt = place_wait_event(program, "prompt", "confirm");
    ck_assert_str_eq(json_object_get_string_member(prompt, "word"), "Alice");
    ck_assert(sim_officers_program_type(program, "alice", NULL));
    sim_officers_program_close_input(program);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 1);
    after = place_digest(place, "cards");
    /* Only the tries of the PINs of ca-1 were written, and they are as before. */
    ck_assert_str_eq(after, before);
}
END_TEST

/* The CA card of a zone, which nobody needs any more, becomes the CA card of another one. */
START_TEST(test_a_ca_card_is_made_anew_after_its_description_was_typed)
{
    g_autoptr(Place) place = place_enter_new();
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    place_act(place, 0, &create);
    before = dup_id(place, "ca-1");
    clear_desk(place);
    place_act(place, 0, &create);
    after = dup_id(place, "ca-1");
    ck_assert_str_ne(after, before);
    ck_assert_int_eq(life_cycle(place, "ca-1"), 3);
}
END_TEST

/* ---- cards that are not fit ---- */

static const struct {
    const char *fault;
    const char *told; /* part of what the operator reads */
    bool refuses_keys;
} unfit[] = {
    { "lacks mark=1", "P-521", false },  { "full memory=1000", "1000", false },
    { "other-keys", "key", true },       { "locked-keys", "lock", false },
    { "no-manager", "reader 2", false },
};

/* The next program knows that the card has refused its keys, and never tries them again. */
static void
check_never_tried(Place *place)
{
    static const char *const commands[] = { "card acceptance-test",
                                            "card acceptance-test --retry-cut-off" };

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_auto(Run) known = place_expect(place, 4, commands[i]);

        assert_contains(known.out, "has refused the key set (default test keys) before");
    }
}

START_TEST(test_a_card_that_is_not_fit_is_refused_with_the_reason_and_stays_blank)
{
    g_autoptr(Place) place = place_enter_new();
    g_autofree char *order = g_strdup_printf("fault card ep11-1 %s", unfit[_i].fault);
    g_autoptr(SimOfficersProgram) program = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;
    int64_t before = tries(place, "ep11-1");

    place_act(place, 0, &create);
    place_sim(place, order);
    program = place_begin_task(place, &enroll);
    ck_assert(!sim_officers_people_follow(place->people, program, &enroll, &error));
    sim_officers_program_close_input(program);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 4);
    output = sim_officers_program_take_output(program);
    assert_contains(output, unfit[_i].told);
    ck_assert(is_blank(place, "ep11-1"));
    /* A card cryptogram that was wrong is not answered: no try of the card is used. */
    ck_assert_int_eq(tries(place, "ep11-1"), before);
    place_sim(place, "fault clear");
    if (unfit[_i].refuses_keys) {
        check_never_tried(place);
        return;
    }
    clear_desk(place);
    place_act(place, 0, &enroll);
    ck_assert_int_eq(life_cycle(place, "ep11-1"), 3);
}
END_TEST

/* E-C21: not used; initialising it again updates it and loses its contents. */
START_TEST(test_a_card_with_an_applet_of_another_version_is_updated_by_initialising_it)
{
    g_autoptr(Place) place = place_enter_new();
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    place_act(place, 0, &create);
    place_act(place, 0, &enroll);
    place_act(place, 0, &personalize);
    before = dup_id(place, "ep11-1");
    clear_desk(place);
    place_sim(place, "fault card ep11-1 version version=2.0.0");
    place_act(place, 0, &enroll);
    after = dup_id(place, "ep11-1");
    ck_assert_str_ne(after, before);
    place_act(place, 0, &personalize);
    /* A newer second number makes no difference. */
    place_sim(place, "fault card ep11-1 version version=1.7.0");
    place_act(place, 0, &make_key);
}
END_TEST

/* ---- pulled cards ---- */

/* A fault pulled a card: the people see it only when they look. */
static void
look_anew(Place *place)
{
    g_clear_pointer(&place->people, sim_officers_people_free);
    g_clear_pointer(&place->desk, sim_officers_desk_free);
    place->desk = sim_officers_desk_new(place->world, NULL);
    ck_assert_ptr_nonnull(place->desk);
    place->people = sim_officers_people_new(place->desk, NULL, NULL);
}

typedef struct Asked {
    Place *place;
    unsigned n; /* how often for a card in reader 2 */
} Asked;

/* Somebody puts a card that came out of its reader into it again when it is asked for. */
static void
put_in_again(JsonObject *event, GPid pid, void *data)
{
    Asked *asked = data;

    (void) pid;
    if (strcmp(json_object_get_string_member_with_default(event, "kind", ""), "insert") == 0 &&
        strcmp(json_object_get_string_member(event, "event"), "prompt") == 0 &&
        json_object_get_int_member(event, "reader") == 2 && ++asked->n > 1 &&
        strcmp(json_object_get_string_member_with_default(event, "reason", ""), "absent") == 0) {
        place_sim(asked->place, "insert 2 ep11-1");
    }
}

/* Pulled at the first command, in the middle of the load, at its end, while the applet is
 * installed. */
static const unsigned pulls[] = { 1, 8, 60, 130, 138, 142 };

START_TEST(test_a_card_pulled_while_it_is_loaded_is_loaded_by_the_next_try)
{
    g_autoptr(Place) place = place_enter_new();
    g_autofree char *order = g_strdup_printf("fault card ep11-1 pull-after after=%u", pulls[_i]);
    g_autoptr(SimOfficersProgram) program = NULL;
    g_autoptr(GError) error = NULL;
    Asked asked = { .place = place };

    place_act(place, 0, &create);
    place_sim(place, order);
    program = place_begin_task(place, &enroll);
    sim_officers_program_set_observer(program, put_in_again, &asked);
    (void) sim_officers_people_follow(place->people, program, &enroll, &error);
    sim_officers_program_close_input(program);
    place_sim(place, "fault clear");
    look_anew(place);
    clear_desk(place);
    if (life_cycle(place, "ep11-1") < 3) {
        place_act(place, 0, &enroll);
    }
    place_act(place, 0, &personalize);
    ck_assert_int_eq(life_cycle(place, "ep11-1"), 4);
}
END_TEST

/* Whether the card is pulled at this exchange after its applet was installed and before anything
 * else was done with it. */
static bool
pull_unprobed(Place *place, unsigned after)
{
    g_autofree char *order = g_strdup_printf("fault card ep11-1 pull-after after=%u", after);
    g_autoptr(SimOfficersProgram) program = NULL;
    g_autoptr(JsonObject) card = NULL;

    place_sim(place, order);
    program = place_begin_task(place, &enroll);
    (void) sim_officers_people_follow(place->people, program, &enroll, NULL);
    sim_officers_program_close_input(program);
    (void) sim_officers_program_wait(program, 60000, NULL);
    place_sim(place, "fault clear");
    look_anew(place);
    clear_desk(place);
    card = card_of(place, "ep11-1");
    return json_object_get_int_member(card, "kind") == 2 &&
           json_object_get_int_member(card, "life_cycle") == 0;
}

START_TEST(test_an_applet_that_was_never_asked_is_asked_before_the_card_is_enrolled)
{
    g_autoptr(Place) place = place_enter_new();
    g_autoptr(SimOfficersProgram) program = NULL;
    g_autofree char *output = NULL;
    unsigned after = 138;

    place_act(place, 0, &create);
    while (!pull_unprobed(place, after)) {
        ck_assert_uint_lt(++after, 150);
    }
    place_sim(place, "fault card ep11-1 lacks mark=4");
    program = place_begin_task(place, &enroll);
    ck_assert(!sim_officers_people_follow(place->people, program, &enroll, NULL));
    sim_officers_program_close_input(program);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 4);
    output = sim_officers_program_take_output(program);
    assert_contains(output, "it lacks AES-256, as the applet has found");
    assert_contains(output, "the applet was taken off the card again");
    ck_assert(is_blank(place, "ep11-1"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_rehearsal_begins_with_blank_cards);
    tcase_add_test(tests, test_any_card_of_the_box_becomes_either_kind);
    tcase_add_test(tests, test_a_used_card_is_initialised_again_after_its_description_was_typed);
    tcase_add_test(tests, test_another_word_leaves_a_used_card_as_it_was);
    tcase_add_test(tests, test_a_ca_card_is_made_anew_after_its_description_was_typed);
    tcase_add_loop_test(tests,
                        test_a_card_that_is_not_fit_is_refused_with_the_reason_and_stays_blank, 0,
                        G_N_ELEMENTS(unfit));
    tcase_add_test(tests,
                   test_a_card_with_an_applet_of_another_version_is_updated_by_initialising_it);
    tcase_add_loop_test(tests, test_a_card_pulled_while_it_is_loaded_is_loaded_by_the_next_try, 0,
                        G_N_ELEMENTS(pulls));
    tcase_add_test(tests, test_an_applet_that_was_never_asked_is_asked_before_the_card_is_enrolled);
}

int
main(void)
{
    place_begin();
    return test_main("cli-blank-cards", add_tests);
}
