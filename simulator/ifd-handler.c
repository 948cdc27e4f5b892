/*
 * libifd-opentke.so: the virtual readers of a rehearsal as a driver of pcscd, IFD handler 3.0
 * (pcsc-lite, ifdhandler.h; what pcscd really asks for: test environment 4).
 *
 * A thin forwarder: cards, PIN pads and all that can go wrong with them live in tke-sim. It runs
 * in pcscd, whose other readers must not suffer: it never ends the process, prints nothing, trusts
 * no length. Nothing but the functions of the interface is visible.
 */
#include <PCSC/ifdhandler.h>
#include <PCSC/reader.h>
#include <glib.h>
#include <string.h>

#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-ifd-channel.h"

#define EXPORT __attribute__((visibility("default")))
#define CHANNELS_MAX 16u
#define VENDOR "OpenTKE"
#define DRIVER_VERSION 0x01000000u /* of the interface to programs: 1.0.0 */
#define CARD_IN 2u                 /* present and swallowed: PC/SC part 3, 3.1.1 */
#define COMMAND_MAX 65548u         /* what pcscd hands over at most */

typedef struct Entry {
    DWORD lun;
    SimIfdChannel *channel; /* NULL: free */
} Entry;

static Entry entries[CHANNELS_MAX];
static GMutex entries_lock;

/* The channel of a reader; the caller unrefs. NULL: none. */
static SimIfdChannel *
find_channel(DWORD lun)
{
    SimIfdChannel *found = NULL;

    g_mutex_lock(&entries_lock);
    for (unsigned i = 0; i < CHANNELS_MAX && found == NULL; i++) {
        if (entries[i].channel != NULL && entries[i].lun == lun) {
            found = sim_ifd_channel_ref(entries[i].channel);
        }
    }
    g_mutex_unlock(&entries_lock);
    return found;
}

static RESPONSECODE
code_of_error(const GError *error)
{
    if (error->domain != TKE_SIM_ERROR) {
        return IFD_COMMUNICATION_ERROR;
    }
    switch ((TkeSimStatus) error->code) {
    case TKE_SIM_STATUS_NO_CARD:
    case TKE_SIM_STATUS_REMOVED:
    case TKE_SIM_STATUS_NOT_CONNECTED:
        return IFD_ICC_NOT_PRESENT;
    case TKE_SIM_STATUS_SILENT:
        return IFD_RESPONSE_TIMEOUT;
    case TKE_SIM_STATUS_UNSUPPORTED:
        return IFD_ERROR_NOT_SUPPORTED;
    default:
        return IFD_COMMUNICATION_ERROR;
    }
}

/* ---- channels ---- */

EXPORT RESPONSECODE
IFDHCreateChannelByName(DWORD Lun, LPSTR DeviceName)
{
    g_autoptr(SimIfdChannel) channel = DeviceName == NULL ? NULL : sim_ifd_channel_new(DeviceName);
    g_autoptr(SimIfdChannel) known = find_channel(Lun);
    RESPONSECODE code = IFD_COMMUNICATION_ERROR;

    if (channel == NULL || known != NULL) {
        return code;
    }
    g_mutex_lock(&entries_lock);
    for (unsigned i = 0; i < CHANNELS_MAX && code != IFD_SUCCESS; i++) {
        if (entries[i].channel == NULL) {
            entries[i] = (Entry){ .lun = Lun, .channel = g_steal_pointer(&channel) };
            code = IFD_SUCCESS;
        }
    }
    g_mutex_unlock(&entries_lock);
    return code;
}

/* A virtual reader has a name, no number. */
EXPORT RESPONSECODE
IFDHCreateChannel(DWORD Lun, DWORD Channel)
{
    (void) Lun;
    (void) Channel;
    return IFD_NOT_SUPPORTED;
}

/* pcscd may close while a person types: what is under way ends, its own reference keeps the
 * channel. */
EXPORT RESPONSECODE
IFDHCloseChannel(DWORD Lun)
{
    SimIfdChannel *channel = NULL;

    g_mutex_lock(&entries_lock);
    for (unsigned i = 0; i < CHANNELS_MAX; i++) {
        if (entries[i].channel != NULL && entries[i].lun == Lun) {
            channel = g_steal_pointer(&entries[i].channel);
        }
    }
    g_mutex_unlock(&entries_lock);
    if (channel == NULL) {
        return IFD_COMMUNICATION_ERROR;
    }
    sim_ifd_channel_close(channel);
    sim_ifd_channel_unref(channel);
    return IFD_SUCCESS;
}

/* ---- capabilities ---- */

static RESPONSECODE
wait_for_event(DWORD lun, int timeout_ms)
{
    g_autoptr(SimIfdChannel) channel = find_channel(lun);

    if (channel != NULL) {
        sim_ifd_channel_wait(channel, timeout_ms);
    }
    /* After anything but success pcscd sleeps for 400 ms. */
    return IFD_SUCCESS;
}

static RESPONSECODE
stop_waiting(DWORD lun)
{
    g_autoptr(SimIfdChannel) channel = find_channel(lun);

    if (channel != NULL) {
        sim_ifd_channel_stop_wait(channel);
    }
    return IFD_SUCCESS;
}

/* Length is the room in Value before, what is in it after. */
static RESPONSECODE
give(const void *data, size_t len, PDWORD Length, PUCHAR Value)
{
    if (Length == NULL || Value == NULL || *Length < len) {
        return IFD_ERROR_INSUFFICIENT_BUFFER;
    }
    memcpy(Value, data, len);
    *Length = (DWORD) len;
    return IFD_SUCCESS;
}

static RESPONSECODE
give_byte(uint8_t byte, PDWORD Length, PUCHAR Value)
{
    return give(&byte, 1, Length, Value);
}

/* With the end of the string, as other drivers do. */
static RESPONSECODE
give_text(const char *text, PDWORD Length, PUCHAR Value)
{
    return give(text, strlen(text) + 1, Length, Value);
}

/* What is asked before and apart from any channel. */
static bool
give_driver_capability(DWORD tag, PDWORD Length, PUCHAR Value, RESPONSECODE *code)
{
    RESPONSECODE (*const wait)(DWORD, int) = wait_for_event;
    RESPONSECODE (*const stop)(DWORD) = stop_waiting;

    switch (tag) {
    case TAG_IFD_SIMULTANEOUS_ACCESS:
        *code = give_byte(CHANNELS_MAX, Length, Value);
        return true;
    case TAG_IFD_THREAD_SAFE:
    case TAG_IFD_SLOTS_NUMBER:
        *code = give_byte(1, Length, Value);
        return true;
    case TAG_IFD_SLOT_THREAD_SAFE:
    case TAG_IFD_POLLING_THREAD_KILLABLE:
        *code = give_byte(0, Length, Value);
        return true;
    case TAG_IFD_POLLING_THREAD_WITH_TIMEOUT:
        *code = give(&wait, sizeof wait, Length, Value);
        return true;
    case TAG_IFD_STOP_POLLING_THREAD:
        *code = give(&stop, sizeof stop, Length, Value);
        return true;
    default:
        return false;
    }
}

static RESPONSECODE
give_attribute(SimIfdChannel *channel, DWORD tag, PDWORD Length, PUCHAR Value)
{
    const uint32_t version = DRIVER_VERSION;
    const uint32_t longest = COMMAND_MAX;
    uint8_t atr[TKE_CARD_ATR_MAX];
    g_autofree char *text = NULL;

    switch (tag) {
    case TAG_IFD_ATR:
    case SCARD_ATTR_ATR_STRING:
        return give(atr, sim_ifd_channel_get_atr(channel, atr), Length, Value);
    case SCARD_ATTR_ICC_PRESENCE:
        return give_byte(sim_ifd_channel_is_present(channel) ? CARD_IN : 0, Length, Value);
    case SCARD_ATTR_ICC_INTERFACE_STATUS:
        return give_byte(sim_ifd_channel_get_atr(channel, atr) > 0 ? 1 : 0, Length, Value);
    case SCARD_ATTR_VENDOR_NAME:
        return give_text(VENDOR, Length, Value);
    case SCARD_ATTR_VENDOR_IFD_TYPE:
        text = sim_ifd_channel_dup_model(channel);
        return give_text(text, Length, Value);
    case SCARD_ATTR_VENDOR_IFD_SERIAL_NO:
        text = sim_ifd_channel_dup_serial(channel);
        return give_text(text, Length, Value);
    case SCARD_ATTR_VENDOR_IFD_VERSION:
        return give(&version, sizeof version, Length, Value);
    case SCARD_ATTR_MAXINPUT:
        return give(&longest, sizeof longest, Length, Value);
    default:
        return IFD_ERROR_TAG;
    }
}

EXPORT RESPONSECODE
IFDHGetCapabilities(DWORD Lun, DWORD Tag, PDWORD Length, PUCHAR Value)
{
    g_autoptr(SimIfdChannel) channel = NULL;
    RESPONSECODE code = IFD_SUCCESS;

    if (give_driver_capability(Tag, Length, Value, &code)) {
        return code;
    }
    channel = find_channel(Lun);
    return channel == NULL ? IFD_COMMUNICATION_ERROR : give_attribute(channel, Tag, Length, Value);
}

EXPORT RESPONSECODE
IFDHSetCapabilities(DWORD Lun, DWORD Tag, DWORD Length, PUCHAR Value)
{
    (void) Lun;
    (void) Tag;
    (void) Length;
    (void) Value;
    return IFD_ERROR_VALUE_READ_ONLY;
}

/* ---- the card ---- */

/* Virtual cards speak APDUs; which of its protocols is named makes no difference to them. */
EXPORT RESPONSECODE
IFDHSetProtocolParameters(DWORD Lun, DWORD Protocol, UCHAR Flags, UCHAR PTS1, UCHAR PTS2,
                          UCHAR PTS3)
{
    g_autoptr(SimIfdChannel) channel = find_channel(Lun);

    (void) Flags;
    (void) PTS1;
    (void) PTS2;
    (void) PTS3;
    if (channel == NULL) {
        return IFD_COMMUNICATION_ERROR;
    }
    return Protocol == SCARD_PROTOCOL_T0 || Protocol == SCARD_PROTOCOL_T1
               ? IFD_SUCCESS
               : IFD_PROTOCOL_NOT_SUPPORTED;
}

EXPORT RESPONSECODE
IFDHPowerICC(DWORD Lun, DWORD Action, PUCHAR Atr, PDWORD AtrLength)
{
    g_autoptr(SimIfdChannel) channel = find_channel(Lun);
    bool done = false;
    uint8_t atr[TKE_CARD_ATR_MAX];

    if (channel == NULL || Atr == NULL || AtrLength == NULL) {
        return IFD_COMMUNICATION_ERROR;
    }
    switch (Action) {
    case IFD_POWER_DOWN:
        sim_ifd_channel_power_off(channel);
        *AtrLength = 0;
        return IFD_SUCCESS;
    case IFD_POWER_UP:
        done = sim_ifd_channel_power_on(channel, NULL);
        break;
    case IFD_RESET:
        done = sim_ifd_channel_reset(channel, NULL);
        break;
    default:
        return IFD_NOT_SUPPORTED;
    }
    if (!done || give(atr, sim_ifd_channel_get_atr(channel, atr), AtrLength, Atr) != IFD_SUCCESS) {
        *AtrLength = 0;
        return IFD_ERROR_POWER_ACTION;
    }
    return IFD_SUCCESS;
}

EXPORT RESPONSECODE
IFDHTransmitToICC(DWORD Lun, SCARD_IO_HEADER SendPci, PUCHAR TxBuffer, DWORD TxLength,
                  PUCHAR RxBuffer, PDWORD RxLength, PSCARD_IO_HEADER RecvPci)
{
    g_autoptr(SimIfdChannel) channel = find_channel(Lun);
    g_autoptr(GError) error = NULL;
    size_t len = 0;

    if (RxLength == NULL) {
        return IFD_COMMUNICATION_ERROR;
    }
    if (channel == NULL || TxBuffer == NULL || RxBuffer == NULL || TxLength > COMMAND_MAX) {
        *RxLength = 0;
        return IFD_COMMUNICATION_ERROR;
    }
    if (!sim_ifd_channel_exchange(channel, TxBuffer, TxLength, RxBuffer, *RxLength, &len, &error)) {
        *RxLength = 0;
        return code_of_error(error);
    }
    *RxLength = (DWORD) len;
    if (RecvPci != NULL) {
        RecvPci->Protocol = SendPci.Protocol;
    }
    return IFD_SUCCESS;
}

EXPORT RESPONSECODE
IFDHICCPresence(DWORD Lun)
{
    g_autoptr(SimIfdChannel) channel = find_channel(Lun);

    if (channel == NULL) {
        return IFD_COMMUNICATION_ERROR;
    }
    return sim_ifd_channel_is_present(channel) ? IFD_SUCCESS : IFD_ICC_NOT_PRESENT;
}

EXPORT RESPONSECODE
IFDHControl(DWORD Lun, DWORD dwControlCode, PUCHAR TxBuffer, DWORD TxLength, PUCHAR RxBuffer,
            DWORD RxLength, LPDWORD pdwBytesReturned)
{
    g_autoptr(SimIfdChannel) channel = find_channel(Lun);
    g_autoptr(GError) error = NULL;
    size_t len = 0;

    if (pdwBytesReturned == NULL) {
        return IFD_COMMUNICATION_ERROR;
    }
    *pdwBytesReturned = 0;
    if (channel == NULL || (TxBuffer == NULL && TxLength > 0) ||
        (RxBuffer == NULL && RxLength > 0) || TxLength > COMMAND_MAX) {
        return IFD_COMMUNICATION_ERROR;
    }
    if (!sim_ifd_channel_control(channel, (uint32_t) dwControlCode, TxBuffer, TxLength, RxBuffer,
                                 RxLength, &len, &error)) {
        return code_of_error(error);
    }
    *pdwBytesReturned = (DWORD) len;
    return IFD_SUCCESS;
}
