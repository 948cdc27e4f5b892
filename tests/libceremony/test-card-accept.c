/*
 * Does a card one has bought fit? (F-041)
 */
#include <string.h>

#include "libceremony/op-card-accept.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/gp-scp-private.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define BEFORE_PROBE 2u /* commands that recognise an EP11 card */

static TkeCardAcceptance *
accept(CeremonyWorld *world, const char *name)
{
    const TkeCardAcceptParams params = { .reader = 2 };
    g_autoptr(GError) error = NULL;
    TkeCardAcceptance *report = NULL;

    ceremony_world_hand(world, 2, name, NULL);
    report = tke_op_card_accept(world->op, &params, &error);
    ck_assert_msg(report != NULL, "%s", error != NULL ? error->message : "");
    return report;
}

START_TEST(test_a_blank_card_as_one_buys_it_fits)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeCardAcceptance) report = NULL;
    SimCardInfo info;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    report = accept(world, "new");
    ck_assert_uint_eq(report->faults->len, 0);
    ck_assert_int_eq(report->status.kind, TKE_CARD_KIND_EMPTY);
    ck_assert(report->has_manager && report->data.has_aid && report->opened);
    ck_assert_uint_gt(strlen(report->atr), 10);
    ck_assert_str_eq(report->protocols, "T=1");
    ck_assert_str_eq(report->historical, "OpenTKE sim");
    ck_assert_uint_eq(report->channel.protocol, 3);
    ck_assert_uint_eq(report->channel.options, 0x70);
    ck_assert(report->test_keys && report->has_free && !report->probed);
    ck_assert_uint_gt(report->free_bytes, report->wanted_bytes);
    ck_assert_uint_eq(report->life_cycle, TKE_GP_SECURED);
    sim_card_get_info(ceremony_world_card(world, "new"), &info);
    ck_assert_int_eq(info.kind, SIM_CARD_BLANK); /* nothing was changed */
}
END_TEST

START_TEST(test_a_card_with_the_applet_is_probed_and_keeps_all)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeCardAcceptance) report = NULL;
    SimCardInfo info;

    ceremony_world_make_zone(world);
    ceremony_world_make_part(world, "member", "Part A");
    report = accept(world, "member");
    ck_assert_uint_eq(report->faults->len, 0);
    ck_assert(report->probed && report->marks[0] && report->opened);
    sim_card_get_info(ceremony_world_card(world, "member"), &info);
    ck_assert_uint_eq(info.parts, 1);
}
END_TEST

START_TEST(test_each_fault_is_named)
{
    static const struct {
        SimCardKind kind;
        SimCardTrait trait;
        uint32_t value;
        const char *fault;
    } cases[] = {
        { SIM_CARD_BLANK, SIM_CARD_FULL, 10, "10 bytes of memory are free" },
        { SIM_CARD_BLANK, SIM_CARD_OTHER_KEYS, 0, "issuer keys of this card are others" },
        { SIM_CARD_BLANK, SIM_CARD_LOCKED_KEYS, 0, "blocked" },
        { SIM_CARD_BLANK, SIM_CARD_FOREIGN, 0, "no card manager" },
        { SIM_CARD_EP11, SIM_CARD_LACKS, 1u << 1, "the card lacks ECDSA with SHA-512" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
        g_autoptr(TkeCardAcceptance) report = NULL;

        tke_gp_scp_forget_refusals();
        ceremony_world_blank(world, "new", cases[i].kind);
        sim_card_set_trait(ceremony_world_card(world, "new"), cases[i].trait, cases[i].value);
        report = accept(world, "new");
        ck_assert_uint_eq(report->faults->len, 1);
        ck_assert_msg(strstr(g_ptr_array_index(report->faults, 0), cases[i].fault) != NULL, "%s",
                      (char *) g_ptr_array_index(report->faults, 0));
    }
}
END_TEST

START_TEST(test_an_answer_to_reset_that_makes_no_sense_is_a_fault)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeCardAcceptance) report = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    sim_card_set_trait(ceremony_world_card(world, "new"), SIM_CARD_ODD_ATR, 0);
    report = accept(world, "new");
    ck_assert_ptr_null(report->protocols);
    ck_assert_uint_eq(report->faults->len, 1);
    ck_assert_ptr_nonnull(strstr(g_ptr_array_index(report->faults, 0), "answer to reset"));
    ck_assert(report->opened); /* the rest is looked at all the same */
}
END_TEST

START_TEST(test_a_card_that_speaks_t0_fits)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeCardAcceptance) report = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    sim_card_set_trait(ceremony_world_card(world, "new"), SIM_CARD_T0, 0);
    report = accept(world, "new");
    ck_assert_uint_eq(report->faults->len, 0);
    ck_assert_str_eq(report->protocols, "T=0");
    ck_assert(report->opened);
}
END_TEST

START_TEST(test_a_probe_that_is_answered_wrongly_is_a_fault_and_the_test_goes_on)
{
    const SimCardFault fault = {
        .kind = SIM_CARD_FAULT_STATUS, .after = BEFORE_PROBE + 1, .times = 1, .sw = 0x6F00
    };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeCardAcceptance) report = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_part(world, "member", "Part A");
    sim_card_add_fault(ceremony_world_card(world, "member"), &fault);
    report = accept(world, "member");
    ck_assert(!report->probed && report->opened);
    ck_assert_uint_eq(report->faults->len, 1);
    ck_assert_msg(strstr(g_ptr_array_index(report->faults, 0), "6F00") != NULL, "%s",
                  (const char *) g_ptr_array_index(report->faults, 0));
}
END_TEST

/* A card that was recognised, and then answers anything once: that is a line of the report, and no
 * end of the test. */
START_TEST(test_whatever_the_card_answers_there_is_a_report)
{
    static const SimCardFaultKind kinds[] = { SIM_CARD_FAULT_STATUS, SIM_CARD_FAULT_GARBAGE,
                                              SIM_CARD_FAULT_CUT };
    unsigned spoilt = 0;

    for (unsigned n = BEFORE_PROBE + 1;; n++) {
        const SimCardFault fault = { .kind = kinds[_i], .after = n, .times = 1, .sw = 0x6F00 };
        g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
        g_autoptr(TkeCardAcceptance) report = NULL;

        tke_gp_scp_forget_refusals();
        ceremony_world_make_zone(world);
        ceremony_world_make_part(world, "member", "Part A");
        sim_card_add_fault(ceremony_world_card(world, "member"), &fault);
        report = accept(world, "member");
        if (sim_card_faults_left(ceremony_world_card(world, "member")) > 0) {
            break; /* there are no more exchanges */
        }
        spoilt++;
        ck_assert_int_eq((int) report->status.kind, (int) TKE_CARD_KIND_EP11);
        ck_assert_msg(report->probed || report->faults->len > 0, "exchange %u", n);
    }
    ck_assert_uint_ge(spoilt, 5);
}
END_TEST

/* A card that gives no answer, to the first question or to a later one, and from then on none. */
START_TEST(test_a_silent_card_ends_with_a_report)
{
    unsigned silenced = 0;

    for (unsigned n = 1;; n++) {
        const SimCardFault fault = { .kind = SIM_CARD_FAULT_SILENT, .after = n, .times = 9999 };
        g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
        g_autoptr(TkeCardAcceptance) report = NULL;
        TkeCardErrorInfo info = { .remedy = NULL };

        tke_gp_scp_forget_refusals();
        ceremony_world_make_zone(world);
        ceremony_world_make_part(world, "member", "Part A");
        sim_card_add_fault(ceremony_world_card(world, "member"), &fault);
        report = accept(world, "member");
        if (report->refused == NULL) {
            break; /* there are no more exchanges */
        }
        silenced++;
        ck_assert_int_eq(tke_card_error_code(report->refused), TKE_CARD_ERROR_SILENT);
        ck_assert_uint_eq(report->faults->len, 1);
        ck_assert_str_eq(report->protocols, "T=1"); /* the answer to reset was there */
        ck_assert(tke_card_error_get_info(report->refused, &info) && info.remedy != NULL);
        ck_assert_int_eq(report->probed, n > BEFORE_PROBE + 1);
    }
    ck_assert_uint_ge(silenced, 7);
}
END_TEST

START_TEST(test_a_locked_card_does_not_fit)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeCardAcceptance) report = NULL;
    SimGpState manager;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    sim_card_get_manager(ceremony_world_card(world, "new"), &manager);
    manager.life_cycle = 0x7F;
    ck_assert(sim_card_set_manager(ceremony_world_card(world, "new"), &manager));
    report = accept(world, "new");
    ck_assert_uint_ge(report->faults->len, 1);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_blank_card_as_one_buys_it_fits);
    tcase_add_test(tests, test_a_card_with_the_applet_is_probed_and_keeps_all);
    tcase_add_test(tests, test_each_fault_is_named);
    tcase_add_test(tests, test_an_answer_to_reset_that_makes_no_sense_is_a_fault);
    tcase_add_test(tests, test_a_card_that_speaks_t0_fits);
    tcase_add_test(tests, test_a_probe_that_is_answered_wrongly_is_a_fault_and_the_test_goes_on);
    tcase_add_loop_test(tests, test_whatever_the_card_answers_there_is_a_report, 0, 3);
    tcase_add_test(tests, test_a_silent_card_ends_with_a_report);
    tcase_add_test(tests, test_a_locked_card_does_not_fit);
}

int
main(void)
{
    return test_main("card-accept", add_tests);
}
