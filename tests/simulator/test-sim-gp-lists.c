/*
 * How hosts ask virtual cards what is on them: GET STATUS (GlobalPlatform Card Specification 2.3,
 * 11.4).
 */
#include "tests/simulator/card-talk.h"
#include "tests/simulator/gp-host.h"
#include "tests/support/test-main.h"

#define MAKERS                                                                                     \
    "e3 1b 4f07a0000001515350 9f700101 ce020100 cc08a000000151000000"                              \
    "e3 1b 4f07a0000000620209 9f700101 ce020100 cc08a000000151000000"

static SimCard *
new_blank(void)
{
    static const uint8_t id[SIM_CARD_ID_LEN] = { 0 };
    SimCard *card = sim_card_new_with_id("card", SIM_CARD_BLANK, id, NULL);

    ck_assert_ptr_nonnull(card);
    talk_power(card);
    return card;
}

static GpHost *
open_host(SimCard *card)
{
    GpHost *host = gp_host_new(card);

    gp_host_open(host, 0x03);
    return host;
}

START_TEST(test_the_registry_lists_what_is_there_two_entries_at_a_time)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);
    const char *ours = "e3 1b 4f07" GP_PACKAGE "9f700101 ce020100 cc08a000000151000000";
    const char *ours_with_modules = "e3 2d 4f07" GP_PACKAGE "9f700101 ce020100 8407" GP_CA
                                    "8407" GP_EP11 "cc08a000000151000000";
    const char *applet =
        "e3 25 4f07" GP_CA "9f700107 c503000000 c407" GP_PACKAGE "cc08a000000151000000 9000";
    g_autofree char *last = g_strconcat(ours, "9000", NULL);
    g_autofree char *last_with_modules = g_strconcat(ours_with_modules, "9000", NULL);

    gp_host_expect(host, "80f28002", "4f00", "e313 4f08a000000151000000 9f70010f c5039efe80 9000");
    gp_host_expect(host, "80f24002", "4f00", "6a88");
    gp_host_expect(host, "80f22002", "4f00", MAKERS "9000");
    gp_host_expect(host, "80f22003", "4f00", "6985"); /* nothing more */
    gp_host_install_all(host, SIM_CARD_CA);
    gp_host_expect(host, "80f24002", "4f00", applet);
    gp_host_expect(host, "80f24002", "4f07" GP_CA, applet);
    gp_host_expect(host, "80f24002", "4f05f04f544b45", applet);
    gp_host_expect(host, "80f24002", "4f07" GP_EP11, "6a88");
    gp_host_expect(host, "80f22002", "4f00", MAKERS "6310");
    gp_host_expect(host, "80f22003", "4f00", last);
    gp_host_expect(host, "80f22003", "4f00", "6985");
    gp_host_expect(host, "80f22002", "4f05f04f544b45", last);
    gp_host_expect(host, "80f21002", "4f00",
                   "e3 25 4f07a0000001515350 9f700101 ce020100 8408a000000151535041 "
                   "cc08a000000151000000"
                   "e3 1b 4f07a0000000620209 9f700101 ce020100 cc08a000000151000000 6310");
    gp_host_expect(host, "80f22003", "4f00", "6985"); /* another list */
    gp_host_expect(host, "80f21002", "4f05a000000151",
                   "e3 25 4f07a0000001515350 9f700101 ce020100 "
                   "8408a000000151535041 cc08a000000151000000 9000");
    gp_host_expect(host, "80f21002", "4f05f04f544b45", last_with_modules);
    gp_host_expect(host, "80f22002", "4f00", MAKERS "6310");
    gp_host_expect(host, "80ca00c1", "", "c103000001 9000");
    gp_host_expect(host, "80f22003", "4f00", "6985"); /* another command in between */
}
END_TEST

/* As GlobalPlatform 2.3 lets hosts ask (11.4.2.3), and in the form of older cards (tables 11-34,
 * 11-35). */
START_TEST(test_the_registry_tells_what_is_asked_for_and_in_the_form_of_older_cards)
{
    static const char *const asked[][3] = {
        { "80f28002", "4f00 5c034f9f70", "e30e 4f08a000000151000000 9f70010f 9000" },
        { "80f28002", "4f00 5c00", "e313 4f08a000000151000000 9f70010f c5039efe80 9000" },
        { "80f28002", "4f00 5c01cf", "e300 9000" }, /* which it does not have */
        { "80f24002", "4f00 5c084f9f70c5c4ce84cc",
          "e3 25 4f07" GP_CA "9f700107 c503000000 c407" GP_PACKAGE "cc08a000000151000000 9000" },
        { "80f21002", "4f05f04f544b45 5c0384ce4f",
          "e3 1f 4f07" GP_PACKAGE "ce020100 8407" GP_CA "8407" GP_EP11 "9000" },
        { "80f28000", "4f00", "08a000000151000000 0f9e 9000" },
        { "80f24000", "4f00", "07" GP_CA "0700 9000" },
        { "80f22000", "4f00", "07a0000001515350 0100 07a0000000620209 0100 6310" },
        { "80f22001", "4f00", "07" GP_PACKAGE "0100 9000" },
        { "80f21000", "4f00",
          "07a0000001515350 0100 01 08a000000151535041 07a0000000620209 0100 00 6310" },
        { "80f21001", "4f00", "07" GP_PACKAGE "0100 02 07" GP_CA "07" GP_EP11 "9000" },
        { "80f21001", "4f00", "6985" },
    };
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);

    gp_host_install_all(host, SIM_CARD_CA);
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        gp_host_expect(host, asked[i][0], asked[i][1], asked[i][2]);
    }
}
END_TEST

START_TEST(test_lists_that_are_asked_for_wrongly_are_refused)
{
    static const char *const wrong[][3] = {
        { "80f24004", "4f00", "6a86" },
        { "80f24082", "4f00", "6a86" },
        { "80f20002", "4f00", "6a86" },
        { "80f2c002", "4f00", "6a86" },
        { "80f24002", "", "6a80" },
        { "80f24002", "5c014f", "6a80" },
        { "80f24002", "4f00 5c029f", "6a80" },
        { "80f24002", "4f00 5c019f", "6a80" },
        { "80f24002", "4f00 5c014f 00", "6a80" },
        { "80f24002", "4f00 c5014f", "6a80" },
        { "80f24002", "4f01", "6a80" },
        { "80f24002", "4f11 0000000000000000000000000000000000", "6a80" },
    };
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        gp_host_expect(host, wrong[i][0], wrong[i][1], wrong[i][2]);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_the_registry_lists_what_is_there_two_entries_at_a_time);
    tcase_add_test(tests, test_the_registry_tells_what_is_asked_for_and_in_the_form_of_older_cards);
    tcase_add_test(tests, test_lists_that_are_asked_for_wrongly_are_refused);
}

int
main(void)
{
    return test_main("sim-gp-lists", add_tests);
}
