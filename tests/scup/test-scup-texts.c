/*
 * What the panes say of a card, what they offer, and what a backup is called.
 */
#include <string.h>

#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "scup/card-text.h"
#include "scup/notice.h"
#include "scup/pads.h"
#include "scup/report.h"
#include "scup/suggestions.h"
#include "tests/support/test-main.h"

static TkeCardInfo
card(TkeCardKind kind, TkeCardLifeCycle life_cycle)
{
    TkeCardInfo info = { .present = true };

    info.status.kind = kind;
    info.status.life_cycle = life_cycle;
    info.status.has_zone = life_cycle >= TKE_CARD_MEMBER;
    info.status.n_pins = kind == TKE_CARD_KIND_CA ? 2 : 1;
    for (unsigned i = 0; i < info.status.n_pins; i++) {
        info.status.pins[i].state = TKE_PIN_SET;
        info.status.pins[i].tries_left = 3;
    }
    return info;
}

static bool
offers_with(const TkeCardInfo *info, unsigned reader, bool zone_there, const char *action)
{
    for (const ScupSuggestion *s = scup_suggestions_get(&info->status, reader, zone_there);
         s->label != NULL; s++) {
        if (strcmp(s->action, action) == 0) {
            return true;
        }
    }
    return false;
}

static bool
offers(const TkeCardInfo *info, unsigned reader, const char *action)
{
    return offers_with(info, reader, true, action);
}

/* Which zone, if no CA card is there? */
START_TEST(test_a_card_is_to_be_enrolled_in_the_zone_only_where_one_is_there)
{
    static const TkeCardKind kinds[] = { TKE_CARD_KIND_EMPTY, TKE_CARD_KIND_EP11 };

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const TkeCardInfo blank = card(kinds[i], TKE_CARD_BLANK);
        const ScupSuggestion *alone = scup_suggestions_get(&blank.status, 2, false);
        const ScupSuggestion *zone = scup_suggestions_get(&blank.status, 2, true);

        ck_assert_str_eq(alone[0].label, "Enr_oll it with a CA card");
        ck_assert_str_eq(alone[0].action, "app.ep11-enroll"); /* asks for it in reader 1 */
        ck_assert_str_eq(zone[0].label, "Enr_oll it in the zone");
        ck_assert_str_eq(zone[0].action, "app.ep11-enroll");
    }
}
END_TEST

START_TEST(test_a_bought_card_is_offered_what_each_reader_makes_of_it)
{
    const TkeCardInfo bought = card(TKE_CARD_KIND_EMPTY, TKE_CARD_BLANK);

    ck_assert(offers_with(&bought, 1, false, "app.ca-init"));
    ck_assert(!offers_with(&bought, 1, false, "app.ep11-enroll"));
    ck_assert(offers_with(&bought, 2, false, "app.ep11-enroll"));
    ck_assert(!offers_with(&bought, 2, false, "app.ca-backup"));
    ck_assert(offers_with(&bought, 2, true, "app.ep11-enroll"));
    ck_assert(offers_with(&bought, 2, true, "app.ca-backup"));
    ck_assert(!offers_with(&bought, 2, true, "app.ca-init"));
}
END_TEST

START_TEST(test_a_ca_card_with_a_blocked_pin_is_lost_and_offers_nothing)
{
    TkeCardInfo ca = card(TKE_CARD_KIND_CA, TKE_CARD_MEMBER);
    bool bad = true;
    g_autofree char *one = NULL;
    g_autofree char *both = NULL;

    ck_assert_ptr_null(scup_notice_get(&ca, 1, true, &bad));
    ck_assert(!bad);
    ck_assert(offers(&ca, 1, "app.ep11-enroll"));
    ca.status.pins[1].state = TKE_PIN_BLOCKED;
    one = scup_notice_get(&ca, 1, true, &bad);
    ck_assert(bad);
    ck_assert(g_str_has_prefix(one, "✗ This CA card is lost for good: its second PIN"));
    ck_assert_ptr_nonnull(strstr(one, "Use the backup CA card"));
    ck_assert(!offers(&ca, 1, "app.ep11-enroll"));
    ck_assert(!offers(&ca, 1, "app.ca-backup"));
    ca.status.pins[0].state = TKE_PIN_BLOCKED;
    both = scup_notice_get(&ca, 1, true, &bad);
    ck_assert_ptr_nonnull(strstr(both, "both of its PINs"));
}
END_TEST

START_TEST(test_a_ca_card_without_zone_and_with_a_blocked_pin_starts_anew)
{
    TkeCardInfo ca = card(TKE_CARD_KIND_CA, TKE_CARD_BLANK);
    bool bad = true;

    ca.status.pins[0].state = TKE_PIN_BLOCKED;
    ck_assert_ptr_null(scup_notice_get(&ca, 1, false, &bad));
    ck_assert(!bad);
    ck_assert(offers(&ca, 1, "app.ca-init"));
}
END_TEST

START_TEST(test_a_card_that_is_not_genuine_is_said_to_be_so_before_all_else)
{
    TkeCardInfo info = card(TKE_CARD_KIND_EP11, TKE_CARD_PERSONALISED);
    bool bad = false;
    g_autofree char *text = NULL;

    info.genuine = TKE_GENUINE_NO;
    info.not_genuine = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE, "forged");
    text = scup_notice_get(&info, 1, false, &bad);
    ck_assert(bad);
    ck_assert_str_eq(text, "✗ This card is not genuine: do not use it. Forged.");
    g_clear_error(&info.not_genuine);
}
END_TEST

START_TEST(test_a_card_in_the_other_reader_is_sent_to_its_own)
{
    const TkeCardInfo ca = card(TKE_CARD_KIND_CA, TKE_CARD_MEMBER);
    const TkeCardInfo ep11 = card(TKE_CARD_KIND_EP11, TKE_CARD_PERSONALISED);
    bool bad = true;
    g_autofree char *to_1 = scup_notice_get(&ca, 2, false, &bad);
    g_autofree char *to_2 = scup_notice_get(&ep11, 1, false, &bad);

    ck_assert(!bad);
    ck_assert_ptr_nonnull(strstr(to_1, "CA cards belong in reader 1"));
    ck_assert_ptr_nonnull(strstr(to_2, "EP11 cards belong in reader 2"));
    ck_assert_ptr_null(scup_notice_get(&ca, 1, true, &bad));
    ck_assert_ptr_null(scup_notice_get(&ca, 2, true, &bad)); /* a backup beside its source */
    ck_assert_ptr_null(scup_notice_get(&ep11, 2, true, &bad));
}
END_TEST

START_TEST(test_a_backup_is_called_one_however_long_the_description_is)
{
    static const struct {
        const char *description;
        const char *backup;
    } names[] = {
        { "", "backup" },
        { "Zone officers A/B", "Zone officers A/B backup" },
        { "Officers of zone 2026, A+B", "Officers of zone 2026, backup" },
        { "123456789012345678901234567890", "12345678901234567890123 backup" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = tke_op_zone_propose_backup(names[i].description);

        ck_assert_str_eq(text, names[i].backup);
        ck_assert(tke_card_text_is_description(text));
    }
}
END_TEST

START_TEST(test_values_of_a_report_stand_in_one_column_however_long_the_labels_are)
{
    g_autofree char *brief = scup_report_columns("READER 1\n\nCard\x1f"
                                                 "CA\n\x1f"
                                                 "more\n");
    g_autofree char *wide = scup_report_columns("Kopf des Nutzungsprotokolls\x1f"
                                                "A\nZähler\x1f"
                                                "B\n\x1f"
                                                "C");

    ck_assert_str_eq(brief, "READER 1\n\n"
                            "Card                      CA\n"
                            "                          more\n");
    ck_assert_str_eq(wide, "Kopf des Nutzungsprotokolls  A\n"
                           "Zähler                       B\n"
                           "                             C");
}
END_TEST

/* An equal reader in its place, even if nobody saw it go: the pad of another one tells nothing of
 * it. */
START_TEST(test_what_a_keypad_has_told_holds_for_that_reader_only)
{
    const ScupPadsAsked asked = { .plugs = { 3, 0 } };
    char name[] = "Reader 00 00", other[] = "Reader 01 00";
    TkeCardInfo info = { .reader = 1, .reader_name = name };
    TkeReaderInfo there = { .name = name, .plugs = 3 };
    g_autoptr(GPtrArray) infos = g_ptr_array_new();
    ScupPads pads = { 0 };

    g_ptr_array_add(infos, &info);
    ck_assert(!scup_pads_is_known(&pads, 1, &there));
    scup_pads_take(&pads, infos, &asked);
    ck_assert(scup_pads_is_known(&pads, 1, &there));
    ck_assert(!scup_pads_is_known(&pads, 2, &there));
    there.plugs = 4;
    ck_assert(!scup_pads_is_known(&pads, 1, &there));
    there = (TkeReaderInfo){ .name = other, .plugs = 3 };
    ck_assert(!scup_pads_is_known(&pads, 1, &there));
    scup_pads_clear(&pads);
}
END_TEST

/* It went while it was asked: of the keypad that comes back nothing is known. */
START_TEST(test_a_reader_that_went_has_told_nothing_of_its_keypad)
{
    const ScupPadsAsked asked = { .rehearsal = true };
    char name[] = "Reader 00 00";
    g_autoptr(GError) gone =
        g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER, "there is no such reader");
    g_autoptr(GError) bare = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD, "none");
    TkeCardInfo info = { .reader = 1, .reader_name = name, .pad_trouble = bare };
    TkeReaderInfo there = { .name = name };
    g_autoptr(GPtrArray) infos = g_ptr_array_new();
    ScupPads pads = { 0 };

    g_ptr_array_add(infos, &info);
    scup_pads_take(&pads, infos, &asked);
    ck_assert(scup_pads_is_known(&pads, 1, &there));
    info.pad_trouble = gone;
    scup_pads_take(&pads, infos, &asked);
    ck_assert(!scup_pads_is_known(&pads, 1, &there));
    ck_assert(scup_pads_is_asked_again(&pads, 1));
    info.pad_trouble = bare; /* it is back */
    scup_pads_take(&pads, infos, &asked);
    ck_assert(scup_pads_is_known(&pads, 1, &there));
    ck_assert(!scup_pads_is_asked_again(&pads, 1));
    scup_pads_clear(&pads);
}
END_TEST

/* Asks a reader that does not answer as long as it is to be asked; how often that was. */
static unsigned
ask_silent(ScupPads *pads, const GPtrArray *infos, const ScupPadsAsked *asked)
{
    unsigned n = 0;

    do {
        scup_pads_take(pads, infos, asked);
        n++;
    } while (scup_pads_is_asked_again(pads, 1) && n < 100);
    return n;
}

/* Its driver does not answer: after three more questions that is what it says, until something
 * happens to it. Meanwhile the trouble stays told. */
START_TEST(test_a_reader_that_never_answers_is_asked_a_few_times_only)
{
    ScupPadsAsked asked = { .plugs = { 3, 0 }, .events = { 5, 0 } };
    char name[] = "Reader 00 00";
    g_autoptr(GError) dead =
        g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER, "it does not answer its driver");
    TkeCardInfo info = { .reader = 1, .reader_name = name, .pad_trouble = dead };
    TkeReaderInfo there = { .name = name, .plugs = 3, .events = 5 };
    g_autoptr(GPtrArray) infos = g_ptr_array_new();
    ScupPads pads = { 0 };

    g_ptr_array_add(infos, &info);
    ck_assert_uint_eq(ask_silent(&pads, infos, &asked), 4);
    ck_assert(scup_pads_is_known(&pads, 1, &there));
    ck_assert_str_eq(pads.trouble[0]->message, dead->message);
    ck_assert(!scup_pads_is_to_ask(&pads, 1, &there));
    scup_pads_take(&pads, infos, &asked); /* somebody has asked for a look */
    ck_assert(!scup_pads_is_to_ask(&pads, 1, &there));

    there.events = asked.events[0] = 6; /* a card */
    ck_assert(scup_pads_is_to_ask(&pads, 1, &there));
    scup_pads_take(&pads, infos, &asked);
    ck_assert(scup_pads_is_known(&pads, 1, &there));
    ck_assert_str_eq(pads.trouble[0]->message, dead->message);
    ck_assert_uint_eq(ask_silent(&pads, infos, &asked), 3);

    there.plugs = asked.plugs[0] = 4; /* another one of that name */
    ck_assert(!scup_pads_is_known(&pads, 1, &there));
    ck_assert_uint_eq(ask_silent(&pads, infos, &asked), 4);
    scup_pads_forget(&pads, 1); /* it was unplugged, and seen to be */
    ck_assert_uint_eq(ask_silent(&pads, infos, &asked), 4);
    scup_pads_clear(&pads);
}
END_TEST

START_TEST(test_a_virtual_reader_is_not_asked_again_in_real_work)
{
    const ScupPadsAsked real = { .rehearsal = false }, rehearsal = { .rehearsal = true };
    char name[] = "OpenTKE Virtual 00 00";
    g_autoptr(GError) refused =
        g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER, "this is a virtual reader");
    TkeCardInfo info = {
        .reader = 1, .reader_name = name, .reader_virtual = true, .pad_trouble = refused
    };
    TkeReaderInfo there = { .name = name, .is_virtual = true };
    g_autoptr(GPtrArray) infos = g_ptr_array_new();
    ScupPads pads = { 0 };

    g_ptr_array_add(infos, &info);
    ck_assert_uint_eq(ask_silent(&pads, infos, &real), 1);
    ck_assert(scup_pads_is_known(&pads, 1, &there));
    ck_assert_str_eq(pads.trouble[0]->message, refused->message);
    there.events++;
    ck_assert(!scup_pads_is_to_ask(&pads, 1, &there));
    scup_pads_clear(&pads);
    ck_assert_uint_eq(ask_silent(&pads, infos, &rehearsal), 4);
    scup_pads_clear(&pads);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_what_a_keypad_has_told_holds_for_that_reader_only);
    tcase_add_test(tests, test_a_reader_that_went_has_told_nothing_of_its_keypad);
    tcase_add_test(tests, test_a_reader_that_never_answers_is_asked_a_few_times_only);
    tcase_add_test(tests, test_a_virtual_reader_is_not_asked_again_in_real_work);
    tcase_add_test(tests, test_a_card_is_to_be_enrolled_in_the_zone_only_where_one_is_there);
    tcase_add_test(tests, test_a_bought_card_is_offered_what_each_reader_makes_of_it);
    tcase_add_test(tests, test_values_of_a_report_stand_in_one_column_however_long_the_labels_are);
    tcase_add_test(tests, test_a_ca_card_with_a_blocked_pin_is_lost_and_offers_nothing);
    tcase_add_test(tests, test_a_ca_card_without_zone_and_with_a_blocked_pin_starts_anew);
    tcase_add_test(tests, test_a_card_that_is_not_genuine_is_said_to_be_so_before_all_else);
    tcase_add_test(tests, test_a_card_in_the_other_reader_is_sent_to_its_own);
    tcase_add_test(tests, test_a_backup_is_called_one_however_long_the_description_is);
}

int
main(void)
{
    return test_main("scup-texts", add_tests);
}
