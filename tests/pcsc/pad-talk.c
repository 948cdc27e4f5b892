/*
 * PIN entries through pcscd in tests.
 */
#include "tests/pcsc/pad-talk.h"

#include "tests/support/test-bytes.h"

static void
append(GByteArray *out, const char *hex)
{
    g_autoptr(GByteArray) bytes = test_bytes(hex);

    g_byte_array_append(out, bytes->data, bytes->len);
}

/* Fields of more than one byte are in the order of the host. */
static void
append_u16(GByteArray *out, uint16_t value)
{
    g_byte_array_append(out, (const uint8_t *) &value, sizeof value);
}

static void
append_apdu(GByteArray *out, const char *hex)
{
    g_autoptr(GByteArray) apdu = test_bytes(hex);
    const uint32_t len = apdu->len;

    append(out, "000000"); /* bTeoPrologue */
    g_byte_array_append(out, (const uint8_t *) &len, sizeof len);
    g_byte_array_append(out, apdu->data, apdu->len);
}

GByteArray *
pad_verify(uint8_t timeout_s)
{
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, &timeout_s, 1);
    append(out, "00 82 08 00"); /* bTimerOut2, ASCII left aligned, block of 8, no length inserted */
    append_u16(out, 0x0606);
    append(out, "02 01"); /* ends with a key, one message */
    append_u16(out, 0x0409);
    append(out, "00");
    append_apdu(out, "0020008108 ffffffffffffffff");
    ck_assert_uint_eq(out->len, 19 + 13);
    return out;
}

static GByteArray *
modify(uint8_t timeout_s, const char *offsets, const char *confirm, const char *apdu)
{
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, &timeout_s, 1);
    append(out, "00 82 08 00");
    append(out, offsets);
    append_u16(out, 0x0606);
    append(out, confirm);
    append(out, "02 03");
    append_u16(out, 0x0409);
    append(out, "00 01 02");
    append_apdu(out, apdu);
    return out;
}

GByteArray *
pad_set(uint8_t timeout_s)
{
    return modify(timeout_s, "00 00", "01", "0024018108 ffffffffffffffff");
}

GByteArray *
pad_change(uint8_t timeout_s)
{
    return modify(timeout_s, "00 08", "03", "0024008110 ffffffffffffffffffffffffffffffff");
}

static void *
run(void *data)
{
    PadEntry *entry = data;

    entry->result = SCardControl(entry->card, entry->code, entry->structure->data,
                                 entry->structure->len, entry->sw, sizeof entry->sw, &entry->len);
    return NULL;
}

void
pad_start(PadEntry *entry, SCARDHANDLE card, uint8_t feature, GByteArray *structure)
{
    *entry = (PadEntry){ .card = card, .structure = structure };
    entry->code = talk_feature(card, feature);
    ck_assert_uint_ne(entry->code, 0);
    entry->thread = g_thread_new("entry", run, entry);
}

void
pad_expect(PadEntry *entry, LONG code, const char *sw)
{
    g_thread_join(entry->thread);
    g_byte_array_unref(entry->structure);
    ck_assert_msg(entry->result == code, "%s, not %lx", pcsc_stringify_error(entry->result), code);
    if (code == SCARD_S_SUCCESS) {
        test_bytes_check(entry->sw, entry->len, sw);
    }
}

void
pad_wait(PrivatePcscd *place, unsigned reader)
{
    g_autofree char *json =
        g_strdup_printf("{\"command\":\"wait-pad\",\"reader\":%u,\"timeout_ms\":20000}", reader);

    private_pcscd_command(place, json);
}

void
pad_type(PrivatePcscd *place, unsigned reader, const char *digits)
{
    g_autofree char *json =
        *digits == '\0'
            ? g_strdup_printf("{\"command\":\"cancel\",\"reader\":%u,\"timeout_ms\":20000}", reader)
            : g_strdup_printf("{\"command\":\"pin\",\"reader\":%u,\"digits\":\"%s\","
                              "\"timeout_ms\":20000}",
                              reader, digits);

    private_pcscd_command(place, json);
}
