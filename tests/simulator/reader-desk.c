/*
 * A desk for tests of virtual readers.
 */
#include "tests/simulator/reader-desk.h"

#include "libsmartcard/card-transport.h"
#include "tests/simulator/card-talk.h"
#include "tests/support/test-bytes.h"

SimReader *
desk_new_reader(unsigned second_ms)
{
    const SimReaderOptions options = { .name = "reader 1", .model = "Pad", .second_ms = second_ms };

    return sim_reader_new(&options);
}

uint32_t
desk_connect(SimReader *reader)
{
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    size_t len = 0;
    g_autoptr(GError) error = NULL;
    uint32_t connection = sim_reader_connect(reader, atr, &len, &error);

    ck_assert_msg(connection != 0, "%s", error == NULL ? "" : error->message);
    ck_assert_uint_gt(len, 2);
    return connection;
}

/* The control code of a feature, as the reader's list tells it; 0: it has none. */
uint32_t
desk_feature(SimReader *reader, uint8_t wanted)
{
    uint8_t list[256] = { 0 };
    size_t len = 0;

    ck_assert(sim_reader_control(reader, 0, TKE_CARD_CONTROL_GET_FEATURES, NULL, 0, list,
                                 sizeof list, &len, NULL));
    ck_assert_uint_eq(len % 6, 0);
    for (size_t i = 0; i < len; i += 6) {
        ck_assert_uint_eq(list[i + 1], 4);
        if (list[i] == wanted) {
            return (uint32_t) list[i + 2] << 24 | (uint32_t) list[i + 3] << 16 |
                   (uint32_t) list[i + 4] << 8 | list[i + 5];
        }
    }
    return 0;
}

static void
host_u16(GByteArray *out, uint16_t value)
{
    g_byte_array_append(out, (const uint8_t *) &value, sizeof value);
}

static void
host_u32(GByteArray *out, uint32_t value)
{
    g_byte_array_append(out, (const uint8_t *) &value, sizeof value);
}

static void
append(GByteArray *out, const char *hex)
{
    g_autoptr(GByteArray) bytes = test_bytes(hex);

    g_byte_array_append(out, bytes->data, bytes->len);
}

/* PIN_VERIFY_STRUCTURE for six digits of the PIN 81. */
GByteArray *
desk_verify_structure(uint8_t timeout_s)
{
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, &timeout_s, 1);
    append(out, "00 82 08 00");
    host_u16(out, 0x0606);
    append(out, "02 01");
    host_u16(out, 0x0409);
    append(out, "00 000000");
    host_u32(out, 13);
    append(out, "0020008108 ffffffffffffffff");
    ck_assert_uint_eq(out->len, 19 + 13);
    return out;
}

/* PIN_MODIFY_STRUCTURE: confirm says which entries are asked for. */
GByteArray *
desk_modify_structure(uint8_t confirm, const char *offsets, const char *apdu)
{
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) command = test_bytes(apdu);

    append(out, "14 00 82 08 00");
    append(out, offsets);
    host_u16(out, 0x0606);
    g_byte_array_append(out, &confirm, 1);
    append(out, "02 03");
    host_u16(out, 0x0409);
    append(out, "00 01 02 000000");
    host_u32(out, command->len);
    g_byte_array_append(out, command->data, command->len);
    ck_assert_uint_eq(out->len, 24 + command->len);
    return out;
}

static void *
enter(void *data)
{
    DeskEntry *entry = data;
    size_t len = 0;

    entry->done =
        sim_reader_control(entry->reader, entry->connection, entry->code, entry->structure->data,
                           entry->structure->len, entry->sw, sizeof entry->sw, &len, &entry->error);
    return NULL;
}

void
desk_start(DeskEntry *entry, SimReader *reader, uint32_t connection, uint8_t which,
           GByteArray *structure)
{
    memset(entry, 0, sizeof *entry);
    entry->reader = reader;
    entry->connection = connection;
    entry->code = desk_feature(reader, which);
    entry->structure = structure;
    ck_assert_uint_ne(entry->code, 0);
    entry->thread = g_thread_new("entry", enter, entry);
}

/* Waits until the entry is over and checks the status word; 0: it has to fail. */
void
expect_entry(DeskEntry *entry, unsigned want_sw)
{
    g_thread_join(entry->thread);
    g_byte_array_unref(entry->structure);
    if (want_sw == 0) {
        ck_assert(!entry->done);
        ck_assert_ptr_nonnull(entry->error);
    } else {
        ck_assert_msg(entry->done, "%s", entry->error == NULL ? "" : entry->error->message);
        ck_assert_uint_eq((unsigned) entry->sw[0] << 8 | entry->sw[1], want_sw);
    }
    g_clear_error(&entry->error);
}

void
desk_type_pin(SimReader *reader, const char *digits)
{
    g_autoptr(TkeSecret) pin = tke_secret_new_from((const uint8_t *) digits, strlen(digits), NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_msg(sim_reader_pin(reader, pin, DESK_WAIT_MS, &error), "%s",
                  error == NULL ? "" : error->message);
}

void
desk_select(SimReader *reader, uint32_t connection)
{
    g_autoptr(GByteArray) select = test_bytes("00a4040007f04f544b45010200");
    uint8_t response[64] = { 0 };
    size_t len = 0;

    ck_assert(sim_reader_exchange(reader, connection, select->data, select->len, response,
                                  sizeof response, &len, NULL));
    ck_assert_uint_eq(len, 30);
}

Desk
desk_new(unsigned second_ms, bool personalised)
{
    Desk desk = { 0 };

    desk.ca = talk_new_zone(1);
    desk.card = personalised ? talk_new_member(desk.ca, 2) : talk_new_enrolled(desk.ca, 2);
    sim_card_power_off(desk.card);
    desk.reader = desk_new_reader(second_ms);
    ck_assert(sim_reader_insert(desk.reader, desk.card, NULL));
    desk.connection = desk_connect(desk.reader);
    desk_select(desk.reader, desk.connection);
    return desk;
}

void
desk_clear(Desk *desk)
{
    sim_reader_free(desk->reader);
    sim_card_free(desk->card);
    sim_card_free(desk->ca);
}
