/*
 * Talking to virtual cards in tests (card-protocol.md, 2 and 13).
 */
#include "tests/simulator/card-talk.h"

#include <check.h>
#include <string.h>

#include "common/hex.h"
#include "tests/support/test-bytes.h"

#define BLOCK 255u

static unsigned count;

unsigned
talk_count(void)
{
    return count;
}

static void
exchange(SimCard *card, const GByteArray *command, SimCardAnswer *answer)
{
    count++;
    ck_assert_int_eq(sim_card_exchange(card, command->data, command->len, answer),
                     SIM_CARD_ANSWERED);
    ck_assert_uint_ge(answer->len, 2);
}

char *
talk_apdu(SimCard *card, const char *command)
{
    g_autoptr(GByteArray) bytes = test_bytes(command);
    SimCardAnswer answer = { 0 };

    exchange(card, bytes, &answer);
    return tke_hex_encode(answer.bytes, answer.len);
}

void
expect_answer(SimCard *card, const char *command, const char *response)
{
    g_autofree char *got = talk_apdu(card, command);
    g_autofree char *want = test_bytes_digits(response);

    ck_assert_msg(strcmp(got, want) == 0, "%s was answered with %s, not %s", command, got, want);
}

static unsigned
status_word(const SimCardAnswer *answer)
{
    return (unsigned) answer->bytes[answer->len - 2] << 8 | answer->bytes[answer->len - 1];
}

/* Collects the rest of an answer; the last status word. */
static unsigned
collect(SimCard *card, SimCardAnswer *answer, GByteArray *all)
{
    g_autoptr(GByteArray) get_response = test_bytes("00c0000000");

    g_byte_array_append(all, answer->bytes, (guint) answer->len - 2);
    while (status_word(answer) >> 8 == 0x61) {
        exchange(card, get_response, answer);
        g_byte_array_append(all, answer->bytes, (guint) answer->len - 2);
    }
    return status_word(answer);
}

static GByteArray *
finish(SimCard *card, const char *header, SimCardAnswer *answer, unsigned want_sw)
{
    GByteArray *all = g_byte_array_new();
    unsigned sw = collect(card, answer, all);

    ck_assert_msg(sw == want_sw, "%s: status word %04x, not %04x", header, sw, want_sw);
    return all;
}

GByteArray *
talk_bytes(SimCard *card, const char *header, const GByteArray *data, unsigned want_sw)
{
    SimCardAnswer answer = { 0 };
    size_t sent = 0;
    bool last = false;

    do {
        g_autoptr(GByteArray) command = test_bytes(header);
        uint8_t len = (uint8_t) MIN(data->len - sent, BLOCK);
        const uint8_t le = 0;

        last = sent + len == data->len;
        command->data[0] |= last ? 0x00 : 0x10;
        if (len > 0) {
            g_byte_array_append(command, &len, 1);
            g_byte_array_append(command, data->data + sent, len);
        }
        if (last) {
            g_byte_array_append(command, &le, 1);
        }
        exchange(card, command, &answer);
        sent += len;
    } while (!last && status_word(&answer) == 0x9000);
    return finish(card, header, &answer, want_sw);
}

GByteArray *
talk_extended(SimCard *card, const char *header, const GByteArray *data, unsigned want_sw)
{
    SimCardAnswer answer = { 0 };
    g_autoptr(GByteArray) command = test_bytes(header);
    const uint8_t mark[] = { 0, (uint8_t) (data->len >> 8), (uint8_t) data->len };
    const uint8_t le[] = { 0, 0, 0 };

    if (data->len > 0) {
        g_byte_array_append(command, mark, sizeof mark);
        g_byte_array_append(command, data->data, data->len);
    }
    g_byte_array_append(command, le, data->len > 0 ? 2 : 3);
    exchange(card, command, &answer);
    return finish(card, header, &answer, want_sw);
}

GByteArray *
talk(SimCard *card, const char *header, const char *data, unsigned want_sw)
{
    g_autoptr(GByteArray) bytes = test_bytes(data);

    return talk_bytes(card, header, bytes, want_sw);
}

void
talk_sw(SimCard *card, const char *header, const char *data, unsigned want_sw)
{
    g_autoptr(GByteArray) answer = talk(card, header, data, want_sw);

    ck_assert_ptr_nonnull(answer);
}

void
talk_power(SimCard *card)
{
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    size_t len = 0;
    double cost_ms = 0;

    sim_card_power_on(card, atr, &len, &cost_ms);
}

void
talk_select(SimCard *card)
{
    SimCardInfo info = { 0 };

    sim_card_get_info(card, &info);
    talk_power(card);
    talk_sw(card, "00a40400", info.kind == SIM_CARD_CA ? "f04f544b450101" : "f04f544b450102",
            0x9000);
}

SimCard *
talk_new_card(SimCardKind kind, uint8_t id)
{
    const uint8_t bytes[SIM_CARD_ID_LEN] = { 0xca, 0, 0, 0, 0, 0, 0, id };
    g_autoptr(GError) error = NULL;
    SimCard *card = sim_card_new_with_id("card", kind, bytes, &error);

    ck_assert_ptr_nonnull(card);
    talk_select(card);
    return card;
}

SimCard *
talk_new_zone(uint8_t id)
{
    SimCard *card = talk_new_card(SIM_CARD_CA, id);

    talk_sw(card, "00240181", TALK_CA_PIN_1, 0x9000);
    talk_sw(card, "00240182", TALK_CA_PIN_2, 0x9000);
    talk_sw(card, "80460100", "85 04 5a6f6e65 8e 00", 0x9000);
    return card;
}

SimCard *
talk_new_enrolled(SimCard *ca, uint8_t id)
{
    SimCard *card = talk_new_card(SIM_CARD_EP11, id);
    g_autoptr(GByteArray) zone = talk(ca, "80ca00e3", "", 0x9000);
    g_autoptr(GByteArray) request = NULL;
    g_autoptr(GByteArray) certificate = NULL;
    g_autoptr(GByteArray) none = talk_bytes(card, "80da0100", zone, 0x9000);
    g_autoptr(GByteArray) nothing = NULL;

    request = talk(card, "80460200", "", 0x9000);
    certificate = talk_bytes(ca, "802a0100", request, 0x9000);
    nothing = talk_bytes(card, "80da0200", certificate, 0x9000);
    ck_assert_uint_eq(none->len + nothing->len, 0);
    return card;
}

SimCard *
talk_new_member(SimCard *ca, uint8_t id)
{
    SimCard *card = talk_new_enrolled(ca, id);

    talk_sw(card, "00240181", TALK_EP11_PIN, 0x9000);
    return card;
}

void
talk_verify(SimCard *card)
{
    SimCardInfo info = { 0 };

    sim_card_get_info(card, &info);
    if (info.kind == SIM_CARD_CA) {
        talk_sw(card, "00200081", TALK_CA_PIN_1, 0x9000);
        talk_sw(card, "00200082", TALK_CA_PIN_2, 0x9000);
    } else {
        talk_sw(card, "00200081", TALK_EP11_PIN, 0x9000);
    }
}

void
talk_start_copy(SimCard *from, SimCard *to)
{
    g_autoptr(GByteArray) offer = NULL;
    g_autoptr(GByteArray) answer = NULL;
    g_autoptr(GByteArray) none = NULL;

    talk_verify(from);
    talk_verify(to);
    offer = talk(to, "80460400", "", 0x9000);
    answer = talk_bytes(from, "802a0500", offer, 0x9000);
    none = talk_bytes(to, "802a0600", answer, 0x9000);
    ck_assert_uint_eq(none->len, 0);
}
