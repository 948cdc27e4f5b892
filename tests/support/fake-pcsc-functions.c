/*
 * A smart card service in the process of the test: handles, and what is done through them.
 */
#include <string.h>

#include <PCSC/reader.h>

#include "common/hex.h"
#include "tests/support/fake-pcsc-private.h"

#define TLV_CODE 0x42330012u
#define STRUCTURE_CODE 0x4233000Au

static FakePcscHandle *
find_handle(SCARDHANDLE card)
{
    FakePcscHandle *handle =
        card > 0 && card <= (SCARDHANDLE) FAKE_PCSC_HANDLES ? &fake_pcsc.handles[card - 1] : NULL;

    return handle != NULL && handle->used ? handle : NULL;
}

static LONG
check_handle(const FakePcscHandle *handle)
{
    if (handle == NULL) {
        return SCARD_E_INVALID_HANDLE;
    }
    if (!fake_pcsc.running || handle->life != fake_pcsc.life) {
        return SCARD_E_NO_SERVICE;
    }
    return handle->reader->plugged ? SCARD_S_SUCCESS : SCARD_E_INVALID_VALUE;
}

static LONG
check_card(const FakePcscHandle *handle)
{
    LONG code = check_handle(handle);

    if (code == SCARD_S_SUCCESS && handle->was_removed) {
        code = SCARD_W_REMOVED_CARD;
    } else if (code == SCARD_S_SUCCESS && handle->was_reset) {
        code = SCARD_W_RESET_CARD;
    }
    return code;
}

static LONG
check_sharing(const FakePcscReader *reader, DWORD share_mode)
{
    bool ours = false;
    bool ours_exclusive = false;

    for (unsigned i = 0; i < FAKE_PCSC_HANDLES; i++) {
        const FakePcscHandle *handle = &fake_pcsc.handles[i];

        if (handle->used && handle->life == fake_pcsc.life && handle->reader == reader) {
            ours = true;
            ours_exclusive = ours_exclusive || handle->share_mode == SCARD_SHARE_EXCLUSIVE;
        }
    }
    if (reader->held || ours_exclusive ||
        (share_mode == SCARD_SHARE_EXCLUSIVE && (reader->shared || ours))) {
        return SCARD_E_SHARING_VIOLATION;
    }
    return SCARD_S_SUCCESS;
}

static LONG
connect_card(SCARDCONTEXT context, LPCSTR name, DWORD share_mode, DWORD protocols,
             LPSCARDHANDLE card, LPDWORD protocol)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_CONNECT);
    FakePcscReader *reader = fake_pcsc_find(name);

    fake_pcsc.share_mode = share_mode;
    if (code == SCARD_S_SUCCESS && (!fake_pcsc_is_context(context) || !fake_pcsc.running)) {
        code = SCARD_E_NO_SERVICE;
    } else if (code == SCARD_S_SUCCESS && reader == NULL) {
        code = SCARD_E_UNKNOWN_READER;
    } else if (code == SCARD_S_SUCCESS) {
        code = check_sharing(reader, share_mode);
    }
    if (code == SCARD_S_SUCCESS && share_mode != SCARD_SHARE_DIRECT) {
        code = !reader->present                      ? SCARD_E_NO_SMARTCARD
               : reader->mute                        ? SCARD_W_UNPOWERED_CARD
               : (reader->protocol & protocols) == 0 ? SCARD_E_PROTO_MISMATCH
                                                     : SCARD_S_SUCCESS;
    }
    for (unsigned i = 0; code == SCARD_S_SUCCESS && i < FAKE_PCSC_HANDLES; i++) {
        if (!fake_pcsc.handles[i].used) {
            fake_pcsc.handles[i] = (FakePcscHandle){
                .used = true, .life = fake_pcsc.life, .reader = reader, .share_mode = share_mode
            };
            *card = (SCARDHANDLE) i + 1;
            *protocol = share_mode == SCARD_SHARE_DIRECT ? 0 : reader->protocol;
            break;
        }
    }
    fake_pcsc_leave();
    return code;
}

static LONG
reconnect(SCARDHANDLE card, DWORD share_mode, DWORD protocols, DWORD initialization,
          LPDWORD protocol)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_RECONNECT);
    FakePcscHandle *handle = find_handle(card);

    (void) share_mode;
    (void) protocols;
    (void) initialization;
    if (code == SCARD_S_SUCCESS) {
        code = check_handle(handle);
    }
    if (code == SCARD_S_SUCCESS && !handle->reader->present) {
        code = SCARD_E_NO_SMARTCARD;
    }
    if (code == SCARD_S_SUCCESS) {
        handle->was_reset = false;
        handle->was_removed = false;
        *protocol = handle->reader->protocol;
    }
    fake_pcsc_leave();
    return code;
}

static LONG
disconnect(SCARDHANDLE card, DWORD disposition)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_DISCONNECT);
    FakePcscHandle *handle = find_handle(card);

    fake_pcsc.disposition = disposition;
    if (handle != NULL) {
        handle->used = false;
    } else {
        code = SCARD_E_INVALID_HANDLE;
    }
    fake_pcsc_leave();
    return code;
}

static LONG
begin_transaction(SCARDHANDLE card)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_BEGIN);

    code = code == SCARD_S_SUCCESS ? check_card(find_handle(card)) : code;
    fake_pcsc_leave();
    return code;
}

static LONG
end_transaction(SCARDHANDLE card, DWORD disposition)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_END);

    (void) disposition;
    code = code == SCARD_S_SUCCESS ? check_card(find_handle(card)) : code;
    fake_pcsc_leave();
    return code;
}

static LONG
status(SCARDHANDLE card, LPSTR name, LPDWORD name_len, LPDWORD state, LPDWORD protocol, LPBYTE atr,
       LPDWORD atr_len)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_STATUS);
    const FakePcscHandle *handle = find_handle(card);

    (void) name;
    *name_len = 0;
    code = code == SCARD_S_SUCCESS ? check_card(handle) : code;
    if (code == SCARD_S_SUCCESS) {
        const size_t n = MIN(*atr_len, handle->reader->atr_len);

        memcpy(atr, handle->reader->atr, n);
        if (handle->reader->atr_len > *atr_len) {
            code = SCARD_E_INSUFFICIENT_BUFFER;
        }
        *atr_len = fake_pcsc.lies[FAKE_PCSC_STATUS] ? fake_pcsc.lie[FAKE_PCSC_STATUS]
                                                    : (DWORD) handle->reader->atr_len;
        *state = SCARD_PRESENT;
        *protocol = handle->reader->protocol;
    }
    fake_pcsc_leave();
    return code;
}

/* Gives bytes, or a lie about how many. */
static LONG
give(FakePcscFunction function, const uint8_t *bytes, size_t n, void *out, DWORD size, LPDWORD len)
{
    if (n > size) {
        *len = (DWORD) n;
        return SCARD_E_INSUFFICIENT_BUFFER;
    }
    if (n > 0) {
        memcpy(out, bytes, n);
    }
    *len = fake_pcsc.lies[function] ? fake_pcsc.lie[function] : (DWORD) n;
    return SCARD_S_SUCCESS;
}

static LONG
give_hex(FakePcscFunction function, const char *hex, void *out, DWORD size, LPDWORD len)
{
    g_autoptr(GByteArray) bytes = tke_hex_decode(hex, -1, NULL);

    return give(function, bytes->data, bytes->len, out, size, len);
}

/* The caller frees; NULL: no answers are listed. */
static char *
take_next(FakePcscReader *reader)
{
    const char *listed = reader->answers;
    const size_t len = listed != NULL ? strcspn(listed, " ") : 0;

    if (len == 0) {
        return NULL;
    }
    reader->answers = listed + len + strspn(listed + len, " ");
    return listed[0] == '-' ? g_strdup("") : g_strndup(listed, len);
}

static LONG
transmit(SCARDHANDLE card, const SCARD_IO_REQUEST *send_pci, LPCBYTE command, DWORD command_len,
         SCARD_IO_REQUEST *receive_pci, LPBYTE response, LPDWORD response_len)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_TRANSMIT);
    const FakePcscHandle *handle = find_handle(card);

    (void) receive_pci;
    g_byte_array_set_size(fake_pcsc.command, 0);
    g_byte_array_append(fake_pcsc.command, command, (guint) command_len);
    code = code == SCARD_S_SUCCESS ? check_card(handle) : code;
    if (code == SCARD_S_SUCCESS && !handle->reader->present) {
        code = SCARD_E_NO_SMARTCARD;
    }
    if (code == SCARD_S_SUCCESS && send_pci->dwProtocol != handle->reader->protocol) {
        code = SCARD_E_PROTO_MISMATCH;
    }
    if (code == SCARD_S_SUCCESS) {
        g_autofree char *next = take_next(handle->reader);
        const char *answer = next != NULL                          ? next
                             : handle->reader->answer_once != NULL ? handle->reader->answer_once
                                                                   : handle->reader->answer;

        handle->reader->answer_once = next != NULL ? handle->reader->answer_once : NULL;
        code = give_hex(FAKE_PCSC_TRANSMIT, answer, response, *response_len, response_len);
    }
    fake_pcsc_leave();
    return code;
}

static LONG
control(SCARDHANDLE card, DWORD control_code, LPCVOID in, DWORD in_len, LPVOID out, DWORD size,
        LPDWORD out_len)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_CONTROL);
    const FakePcscHandle *handle = find_handle(card);

    (void) in;
    code = code == SCARD_S_SUCCESS ? check_handle(handle) : code;
    if (code != SCARD_S_SUCCESS) {
        fake_pcsc_leave();
        return code;
    }
    if (in_len > 0) {
        code = give_hex(FAKE_PCSC_CONTROL, handle->reader->answer, out, size, out_len);
    } else if (control_code == SCARD_CTL_CODE(3601) && handle->reader->usb_path != NULL) {
        code = give(FAKE_PCSC_CONTROL, (const uint8_t *) handle->reader->usb_path,
                    strlen(handle->reader->usb_path) + 1, out, size, out_len);
    } else if (control_code == CM_IOCTL_GET_FEATURE_REQUEST && handle->reader->features != NULL) {
        code = give_hex(FAKE_PCSC_CONTROL, handle->reader->features, out, size, out_len);
    } else if (control_code == TLV_CODE && handle->reader->properties != NULL) {
        code = give_hex(FAKE_PCSC_CONTROL, handle->reader->properties, out, size, out_len);
    } else if (control_code == STRUCTURE_CODE && handle->reader->structure != NULL) {
        code = give_hex(FAKE_PCSC_CONTROL, handle->reader->structure, out, size, out_len);
    } else {
        code = SCARD_E_UNSUPPORTED_FEATURE;
    }
    fake_pcsc_leave();
    return code;
}

static LONG
get_attribute(SCARDHANDLE card, DWORD id, LPBYTE value, LPDWORD len)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_ATTRIBUTE);
    const FakePcscHandle *handle = find_handle(card);
    const FakePcscReader *reader = handle != NULL ? handle->reader : NULL;
    const DWORD size = *len;

    code = code == SCARD_S_SUCCESS ? check_handle(handle) : code;
    if (code != SCARD_S_SUCCESS) {
        fake_pcsc_leave();
        return code;
    }
    code = SCARD_E_UNSUPPORTED_FEATURE;
    if (id == SCARD_ATTR_VENDOR_NAME && reader->vendor != NULL) {
        code = give(FAKE_PCSC_ATTRIBUTE, (const uint8_t *) reader->vendor, strlen(reader->vendor),
                    value, size, len);
    } else if (id == SCARD_ATTR_VENDOR_IFD_SERIAL_NO && reader->serial != NULL) {
        code = give(FAKE_PCSC_ATTRIBUTE, (const uint8_t *) reader->serial,
                    strlen(reader->serial) + 1, value, size, len);
    } else if (id == SCARD_ATTR_CHANNEL_ID && reader->channel != 0) {
        code = give(FAKE_PCSC_ATTRIBUTE, (const uint8_t *) &reader->channel, 4, value, size, len);
    } else if (id == SCARD_ATTR_MAXINPUT && reader->max_input != 0) {
        code = give(FAKE_PCSC_ATTRIBUTE, (const uint8_t *) &reader->max_input, 4, value, size, len);
    }
    fake_pcsc_leave();
    return code;
}

const TkePcscApi fake_pcsc_api = {
    .establish_context = fake_pcsc_establish,
    .release_context = fake_pcsc_release,
    .list_readers = fake_pcsc_list_readers,
    .get_status_change = fake_pcsc_get_status_change,
    .cancel = fake_pcsc_cancel,
    .connect = connect_card,
    .reconnect = reconnect,
    .disconnect = disconnect,
    .begin_transaction = begin_transaction,
    .end_transaction = end_transaction,
    .status = status,
    .transmit = transmit,
    .control = control,
    .get_attribute = get_attribute,
    .sysfs = "/nonexistent",
};
