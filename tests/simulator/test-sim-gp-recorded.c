/*
 * Secure channels that a real card once held come out the same on virtual cards (GlobalPlatform
 * Card Specification 2.3, annex E; Amendment D).
 *
 * Source: the tests of pySim (https://github.com/osmocom/pysim,
 * tests/unittests/test_globalplatform.py), recorded between that program and an eUICC (SCP03,
 * i=70, all key lengths, levels 11, 03, 33) and a SIM card (SCP02).
 */
#include <string.h>

#include "simulator/sim-card-private.h"
#include "tests/simulator/gp-host.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define EUICC_AID "a0000005591010ffffffff8900000100"
#define EID_ANSWER "bf3e125a1089882119900000000000000000000005"

typedef struct Recorded {
    const char *enc;
    const char *mac;
    const char *dek;
    const char *start;        /* INITIALIZE UPDATE */
    const char *started;      /* its answer */
    const char *authenticate; /* EXTERNAL AUTHENTICATE */
    const char *command;      /* the first one of the session */
    const char *plain;        /* its data */
    const char *answer;       /* data of its answer, EID_ANSWER in clear */
    const char *others[4];    /* further commands: no data, Le; data; both */
} Recorded;

#define KEYS_128                                                                                   \
    "000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b1c1d1e1f",                        \
        "202122232425262728292a2b2c2d2e2f"
#define KEYS_192                                                                                   \
    "000102030405060708090a0b0c0d0e0f0001020304050607",                                            \
        "101112131415161718191a1b1c1d1e1f1011121314151617",                                        \
        "202122232425262728292a2b2c2d2e2f2021222324252627"
#define KEYS_256                                                                                   \
    "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f",                            \
        "101112131415161718191a1b1c1d1e1f101112131415161718191a1b1c1d1e1f",                        \
        "202122232425262728292a2b2c2d2e2f202122232425262728292a2b2c2d2e2f"

static const Recorded recorded[] = {
#include "tests/simulator/gp-recorded.inc"
};

/* The data of the others, in the order in which they come. */
static const char *const others_plain[] = { "", "", "4f0212345c054f9f70c5", "4f00" };

static SimGpKeySet
key_set(const char *enc, const char *mac, const char *dek)
{
    const char *texts[] = { enc, mac, dek };
    SimGpKeySet set = { .tries = SIM_GP_TRIES };

    for (size_t i = 0; i < 3; i++) {
        g_autoptr(GByteArray) key = test_bytes(texts[i]);

        set.key_len = (uint8_t) key->len;
        memcpy(set.keys[i], key->data, key->len);
    }
    return set;
}

static SimGpWrapped
wrapped_of(const GByteArray *command, bool encrypted)
{
    SimGpWrapped wrapped = { .encrypted = encrypted };
    size_t len = command->data[4];

    memcpy(wrapped.header, command->data, 4);
    wrapped.body = tke_byte_cursor(command->data + 5, len - 8);
    memcpy(wrapped.mac, command->data + 5 + len - 8, 8);
    return wrapped;
}

static void
expect_plain(SimGpSession *session, const char *command_hex, const char *plain_hex)
{
    g_autoptr(GByteArray) command = test_bytes(command_hex);
    g_autoptr(GByteArray) plain = g_byte_array_new();
    SimGpWrapped wrapped = wrapped_of(command, (session->level & SIM_GP_LEVEL_C_DEC) != 0);

    ck_assert_msg(sim_gp_scp03.unwrap(session, &wrapped, plain), "%s", command_hex);
    test_bytes_check(plain->data, plain->len, plain_hex);
}

START_TEST(test_sessions_that_a_real_card_held_come_out_the_same)
{
    const Recorded *want = &recorded[_i];
    SimGpKeySet set = key_set(want->enc, want->mac, want->dek);
    g_autoptr(GByteArray) start = test_bytes(want->start);
    g_autoptr(GByteArray) started = test_bytes(want->started);
    g_autoptr(GByteArray) authenticate = test_bytes(want->authenticate);
    g_autoptr(GByteArray) aid = test_bytes(EUICC_AID);
    g_autoptr(GByteArray) plain = g_byte_array_new();
    g_autoptr(GByteArray) answer = test_bytes(EID_ANSWER);
    SimGpWrapped wrapped = wrapped_of(authenticate, false);
    SimGpSession session = { .phase = SIM_GP_STARTED };
    uint8_t buffer[128] = { 0 };
    TkeByteBuilder out = { .out = buffer, .size = sizeof buffer };
    uint8_t bytes[8] = { 0 };

    set.sequence = started->data[31];
    ck_assert(sim_gp_scp03.derive_challenge(&set, aid->data, aid->len, bytes));
    ck_assert_mem_eq(bytes, started->data + 13, 8);
    memcpy(session.host_challenge, start->data + 5, 8);
    memcpy(session.card_challenge, bytes, 8);
    ck_assert(sim_gp_scp03.start(&session, &set));
    ck_assert(sim_gp_scp03.cryptogram(&session, false, bytes));
    ck_assert_mem_eq(bytes, started->data + 21, 8);
    ck_assert(sim_gp_scp03.cryptogram(&session, true, bytes));
    ck_assert_mem_eq(bytes, authenticate->data + 5, 8);
    ck_assert(sim_gp_scp03.unwrap(&session, &wrapped, plain));
    session.phase = SIM_GP_OPEN;
    session.level = authenticate->data[2];
    expect_plain(&session, want->command, want->plain);
    tke_byte_builder_bytes(&out, answer->data, answer->len);
    if ((session.level & SIM_GP_LEVEL_R_MAC) != 0) {
        ck_assert(sim_gp_scp03.wrap(&session, &out, 0x9000));
    }
    test_bytes_check(buffer, out.len, want->answer);
    for (size_t i = 0; i < G_N_ELEMENTS(want->others); i++) {
        expect_plain(&session, want->others[i], others_plain[i]);
    }
    sim_gp_session_end(&session);
}
END_TEST

START_TEST(test_an_scp02_session_of_a_real_card_comes_out_the_same)
{
    SimGpKeySet set =
        key_set("100102030405060708090a0b0c0d0e0f", "101102030405060708090a0b0c0d0e0f",
                "102102030405060708090a0b0c0d0e0f");
    g_autoptr(GByteArray) host_challenge = test_bytes("40a62c37fa6304f8");
    g_autoptr(GByteArray) started =
        test_bytes("00000000000000000000700200016b4524abee7cf32ea3838bc148f3");
    g_autoptr(GByteArray) authenticate = test_bytes("8482010010ba6961667737c5bcebece14c7d6a4376");
    static const char *const commands[][2] = {
        { "84f220020814db34fa4341dca8", "" },
        { "84ca00660855ed7c5ff069512b00", "" },
        { "84f22002124f0212345c054f9f70c58fc1b380c4228af8", "4f0212345c054f9f70c5" },
        { "84f280020a4f003b95f09317de6a4e00", "4f00" },
    };
    g_autoptr(GByteArray) plain = g_byte_array_new();
    SimGpWrapped wrapped = wrapped_of(authenticate, false);
    SimGpSession session = { .phase = SIM_GP_STARTED };
    uint8_t bytes[8] = { 0 };

    set.sequence = 1;
    memcpy(session.host_challenge, host_challenge->data, 8);
    memcpy(session.card_challenge, started->data + 12, 8);
    ck_assert(sim_gp_scp02.start(&session, &set));
    ck_assert(sim_gp_scp02.cryptogram(&session, false, bytes));
    ck_assert_mem_eq(bytes, started->data + 20, 8);
    ck_assert(sim_gp_scp02.cryptogram(&session, true, bytes));
    ck_assert_mem_eq(bytes, authenticate->data + 5, 8);
    ck_assert(sim_gp_scp02.unwrap(&session, &wrapped, plain));
    session.phase = SIM_GP_OPEN;
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autoptr(GByteArray) command = test_bytes(commands[i][0]);
        g_autoptr(GByteArray) data = g_byte_array_new();

        wrapped = wrapped_of(command, false);
        ck_assert_msg(sim_gp_scp02.unwrap(&session, &wrapped, data), "%s", commands[i][0]);
        test_bytes_check(data->data, data->len, commands[i][1]);
    }
    sim_gp_session_end(&session);
}
END_TEST

/* Key check values of the same source. */
START_TEST(test_key_check_values_are_those_of_other_programs)
{
    static const char *const keys[][2] = {
        { "000102030405060708090a0b0c0d0e0f", "c35280" },
        { "101112131415161718191a1b1c1d1e1f", "013808" },
        { "202122232425262728292a2b2c2d2e2f", "840de5" },
    };
    g_autoptr(GByteArray) des = test_bytes(GP_TEST_KEY);
    uint8_t check[3] = { 0 };

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(GByteArray) key = test_bytes(keys[i][0]);

        ck_assert(sim_gp_scp03.key_check(key->data, key->len, check));
        test_bytes_check(check, sizeof check, keys[i][1]);
    }
    /* The test keys of triple DES: known to everybody as 8B AF 47. */
    ck_assert(sim_gp_scp02.key_check(des->data, des->len, check));
    test_bytes_check(check, sizeof check, "8baf47");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_sessions_that_a_real_card_held_come_out_the_same, 0,
                        G_N_ELEMENTS(recorded));
    tcase_add_test(tests, test_an_scp02_session_of_a_real_card_comes_out_the_same);
    tcase_add_test(tests, test_key_check_values_are_those_of_other_programs);
}

int
main(void)
{
    return test_main("sim-gp-recorded", add_tests);
}
