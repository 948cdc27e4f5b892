/*
 * PIN entry on a virtual reader's keys (PC/SC part 10, 2.5). Numbers in the structures are in host
 * order. The only format is the one of card-protocol.md, 4: ASCII digits, left justified, block of
 * 8 bytes (bmFormatString 82, bmPINBlockString 08, bmPINLengthFormat 00).
 */
#include "simulator/sim-pin-pad.h"

#include <string.h>

#include "common/byte-cursor.h"

#define FORMAT_ASCII 0x82u
#define BLOCK_OF_8 0x08u
#define LENGTH_NOT_SENT 0x00u
#define BLOCK_LEN 8u
#define APDU_DATA 5u /* header and Lc before the data */
#define INS_VERIFY 0x20u
#define INS_CHANGE 0x24u
#define CONFIRM_NEW 0x01u
#define ASK_CURRENT 0x02u
#define END_FULL 0x01u
#define END_KEY 0x02u
#define END_TIMEOUT 0x04u
#define DEFAULT_TIMEOUT_S 20u
#define TEO_PROLOGUE 3u
#define LANGUAGE 2u

static bool
read_host_u16(TkeByteCursor *c, uint16_t *value)
{
    return tke_byte_cursor_copy(c, (uint8_t *) value, sizeof *value);
}

static bool
read_host_u32(TkeByteCursor *c, uint32_t *value)
{
    return tke_byte_cursor_copy(c, (uint8_t *) value, sizeof *value);
}

/* The fields that both structures begin with. */
static bool
read_format(TkeByteCursor *c, SimPinPad *pad)
{
    uint8_t timeout = 0;
    uint8_t after_first = 0;
    uint8_t format = 0;
    uint8_t block = 0;
    uint8_t length = 0;

    if (!tke_byte_cursor_u8(c, &timeout) || !tke_byte_cursor_u8(c, &after_first) ||
        !tke_byte_cursor_u8(c, &format) || !tke_byte_cursor_u8(c, &block) ||
        !tke_byte_cursor_u8(c, &length)) {
        return false;
    }
    pad->timeout_s = timeout != 0 ? timeout : DEFAULT_TIMEOUT_S;
    return format == FORMAT_ASCII && block == BLOCK_OF_8 && length == LENGTH_NOT_SENT;
}

/* wPINMaxExtraDigit: least and most digits. */
static bool
read_digits(TkeByteCursor *c, SimPinPad *pad)
{
    uint16_t digits = 0;

    if (!read_host_u16(c, &digits)) {
        return false;
    }
    pad->min_digits = digits >> 8;
    pad->max_digits = digits & 0xFF;
    return pad->max_digits >= 1 && pad->max_digits <= BLOCK_LEN &&
           pad->min_digits <= pad->max_digits;
}

/* The APDU at the end: case 3, its data hold all PIN blocks. */
static bool
read_command(TkeByteCursor *c, SimPinPad *pad, uint8_t ins)
{
    uint32_t len = 0;

    if (!tke_byte_cursor_skip(c, TEO_PROLOGUE) || !read_host_u32(c, &len) ||
        len != tke_byte_cursor_left(c) || len < APDU_DATA || len > sizeof pad->command) {
        return false;
    }
    pad->command_len = len;
    if (!tke_byte_cursor_copy(c, pad->command, len) || pad->command[1] != ins ||
        pad->command[APDU_DATA - 1] != len - APDU_DATA) {
        return false;
    }
    for (unsigned i = 0; i < pad->entries; i++) {
        if (pad->offset[i] + BLOCK_LEN > len - APDU_DATA) {
            return false;
        }
    }
    return true;
}

static void
add_entry(SimPinPad *pad, SimPadEntry what, uint8_t offset)
{
    pad->what[pad->entries] = what;
    pad->offset[pad->entries] = offset;
    pad->entries++;
}

/* PIN_VERIFY_STRUCTURE, 19 bytes before the data. */
static bool
read_verify(TkeByteCursor *c, const SimPadModel *model, SimPinPad *pad)
{
    SimPadForm form = { 0 };

    add_entry(pad, SIM_PAD_CURRENT, 0);
    if (!read_format(c, pad) || !read_digits(c, pad) || !tke_byte_cursor_u8(c, &form.condition) ||
        !tke_byte_cursor_u8(c, &form.messages) || !tke_byte_cursor_skip(c, LANGUAGE) ||
        !tke_byte_cursor_u8(c, &form.indices[0])) {
        return false;
    }
    form.least = pad->min_digits;
    form.most = pad->max_digits;
    pad->ends_on = form.condition;
    return sim_pad_model_takes(model, &form) && read_command(c, pad, INS_VERIFY);
}

/* PIN_MODIFY_STRUCTURE, 24 bytes before the data. */
static bool
read_modify(TkeByteCursor *c, const SimPadModel *model, SimPinPad *pad)
{
    SimPadForm form = { .modify = true };
    uint8_t offset_old = 0;
    uint8_t offset_new = 0;

    if (!read_format(c, pad) || !tke_byte_cursor_u8(c, &offset_old) ||
        !tke_byte_cursor_u8(c, &offset_new) || !read_digits(c, pad) ||
        !tke_byte_cursor_u8(c, &form.confirm) || !tke_byte_cursor_u8(c, &form.condition) ||
        !tke_byte_cursor_u8(c, &form.messages) || !tke_byte_cursor_skip(c, LANGUAGE) ||
        !tke_byte_cursor_copy(c, form.indices, sizeof form.indices)) {
        return false;
    }
    form.least = pad->min_digits;
    form.most = pad->max_digits;
    pad->ends_on = form.condition;
    if (form.confirm & ASK_CURRENT) {
        add_entry(pad, SIM_PAD_CURRENT, offset_old);
    }
    add_entry(pad, SIM_PAD_NEW, offset_new);
    if (form.confirm & CONFIRM_NEW) {
        add_entry(pad, SIM_PAD_AGAIN, offset_new);
    }
    return (form.confirm & ~(CONFIRM_NEW | ASK_CURRENT)) == 0 &&
           sim_pad_model_takes(model, &form) && read_command(c, pad, INS_CHANGE);
}

static void
next_number(SimPinPad *pad)
{
    pad->number = pad->number == UINT32_MAX ? 1 : pad->number + 1;
}

uint16_t
sim_pin_pad_start(SimPinPad *pad, const SimPadModel *model, bool modify, const uint8_t *structure,
                  size_t len)
{
    TkeByteCursor c = tke_byte_cursor(structure, len);
    uint32_t number = pad->number;

    sim_pin_pad_clear(pad);
    memset(pad, 0, sizeof *pad);
    pad->number = number;
    pad->modify = modify;
    if (!(modify ? read_modify(&c, model, pad) : read_verify(&c, model, pad))) {
        return SIM_PAD_PARAMETER;
    }
    pad->typed = tke_secret_new(SIM_PAD_ENTRIES * SIM_PAD_DIGITS_MAX, NULL);
    if (pad->typed == NULL) {
        return SIM_PAD_CANCELLED;
    }
    pad->asking = true;
    next_number(pad);
    return 0;
}

void
sim_pin_pad_stop(SimPinPad *pad, uint16_t result)
{
    pad->asking = false;
    pad->result = result;
}

static const uint8_t *
digits_of(const SimPinPad *pad, unsigned entry)
{
    return tke_secret_bytes(pad->typed, NULL) + entry * SIM_PAD_DIGITS_MAX;
}

/* The entry is complete: on to the next, or the end. */
static void
finish_entry(SimPinPad *pad)
{
    if ((pad->digits < pad->min_digits && !pad->blind) || pad->digits > pad->max_digits) {
        sim_pin_pad_stop(pad, SIM_PAD_LENGTH);
        return;
    }
    pad->lengths[pad->entry] = pad->digits;
    if (pad->what[pad->entry] == SIM_PAD_AGAIN && !pad->trusting &&
        (pad->lengths[pad->entry - 1] != pad->digits ||
         !tke_bytes_equal(digits_of(pad, pad->entry - 1), digits_of(pad, pad->entry),
                          pad->digits))) {
        sim_pin_pad_stop(pad, SIM_PAD_DIFFERENT);
        return;
    }
    if (pad->entry + 1 == pad->entries) {
        sim_pin_pad_stop(pad, 0);
        return;
    }
    pad->entry++;
    pad->digits = 0;
    next_number(pad);
}

static void
add_digit(SimPinPad *pad, char digit)
{
    /* More than fit are only counted: the entry is too long anyway. */
    if (pad->digits < SIM_PAD_DIGITS_MAX) {
        tke_secret_fill(pad->typed, NULL)[pad->entry * SIM_PAD_DIGITS_MAX + pad->digits] =
            (uint8_t) digit;
    }
    pad->digits++;
    if ((pad->ends_on & END_FULL) && pad->digits == pad->max_digits) {
        finish_entry(pad);
    }
}

bool
sim_pin_pad_press(SimPinPad *pad, char key)
{
    if (!pad->asking) {
        return false;
    }
    if (g_ascii_isdigit(key)) {
        add_digit(pad, key);
    } else if (key == SIM_KEY_CANCEL) {
        sim_pin_pad_stop(pad, SIM_PAD_CANCELLED);
    } else if (key == SIM_KEY_CLEAR) {
        pad->digits = 0;
    } else if (key == SIM_KEY_ENTER && (pad->ends_on & END_KEY)) {
        finish_entry(pad);
    }
    return true;
}

void
sim_pin_pad_expire(SimPinPad *pad)
{
    bool complete = (pad->ends_on & END_TIMEOUT) && pad->entry + 1 == pad->entries &&
                    pad->digits >= pad->min_digits && pad->digits <= pad->max_digits;

    if (complete) {
        finish_entry(pad);
    } else {
        sim_pin_pad_stop(pad, SIM_PAD_TIMEOUT);
    }
}

TkeSecret *
sim_pin_pad_build(const SimPinPad *pad)
{
    g_autoptr(TkeSecret) command = tke_secret_new_from(pad->command, pad->command_len, NULL);

    for (unsigned i = 0; i < pad->entries && command != NULL; i++) {
        uint8_t *block = tke_secret_fill(command, NULL) + APDU_DATA + pad->offset[i];

        memset(block, 0xFF, BLOCK_LEN);
        memcpy(block, digits_of(pad, i), pad->lengths[i]);
    }
    return g_steal_pointer(&command);
}

void
sim_pin_pad_clear(SimPinPad *pad)
{
    tke_secret_free(pad->typed);
    pad->typed = NULL;
    pad->digits = 0;
    memset(pad->lengths, 0, sizeof pad->lengths);
}
