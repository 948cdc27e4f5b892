/*
 * What the thread of a connection does (PC/SC part 5 as pcsc-lite has it).
 *
 * Exclusive means: no other program has a connection. Where one has and does not use it, ours is
 * shared and in a transaction from its beginning to its end, which keeps the other one out as well.
 */
#include "libsmartcard/pcsc-transport-link.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "libsmartcard/pcsc-transport-error.h"
#include "libsmartcard/pcsc-transport-reader.h"

#define PROTOCOLS (SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1)
#define HELD_TRIES 4u /* a program that looks at a reader holds it for some milliseconds */
#define HELD_PAUSE_MS 50u
#define POWER_TRIES 2u /* contacts bounce when a card is put in slowly */
#define POWER_PAUSE_MS 300u
#define ATR_ROOM (2u * TKE_CARD_ATR_MAX)
#define GONE_TRIES 12u /* pcscd itself looks every 400 ms where the driver does not tell */
#define GONE_PAUSE_MS 50u

TkePcscLink *
tke_pcsc_link_new(const TkePcscApi *api, const TkePcscRules *rules, const char *reader_name,
                  const char *service_name)
{
    TkePcscLink *link = g_new0(TkePcscLink, 1);

    link->api = api;
    link->rules = tke_pcsc_rules_copy(rules);
    link->reader_name = g_strdup(reader_name);
    link->service_name = g_strdup(service_name);
    return link;
}

void
tke_pcsc_link_free(void *state)
{
    TkePcscLink *link = state;

    tke_pcsc_rules_free(link->rules);
    tke_secret_free(link->locked);
    g_clear_pointer(&link->ordinary, g_byte_array_unref);
    g_clear_error(&link->error);
    g_free(link->reader_name);
    g_free(link->service_name);
    g_free(link);
}

static LONG
query_status(TkePcscLink *link, uint8_t atr[static ATR_ROOM], DWORD *atr_len)
{
    DWORD name_len = 0;
    DWORD state = 0;
    DWORD protocol = 0;

    *atr_len = ATR_ROOM;
    return link->api->status(link->handle, NULL, &name_len, &state, &protocol, atr, atr_len);
}

/* Is the card still the one that was connected, and was it not reset? */
static LONG
query_state(TkePcscLink *link)
{
    uint8_t atr[ATR_ROOM];
    DWORD atr_len = 0;

    return query_status(link, atr, &atr_len);
}

static bool
is(LONG code, LONG value)
{
    return (uint32_t) code == (uint32_t) value;
}

static void
fail(TkePcscLink *link, LONG code, TkePcscWhen when)
{
    tke_pcsc_error_set(&link->error, (uint32_t) code, when, link->reader_name);
}

/* ---- connecting ---- */

static LONG
connect_as(TkePcscLink *link, DWORD share_mode)
{
    LONG code = SCARD_S_SUCCESS;

    link->protocol = 0;
    for (unsigned held = 1, power = 1;;) {
        code = link->api->connect(link->context, link->service_name, share_mode,
                                  share_mode == SCARD_SHARE_DIRECT ? 0 : PROTOCOLS, &link->handle,
                                  &link->protocol);
        if (is(code, SCARD_E_SHARING_VIOLATION) && held < HELD_TRIES) {
            held++;
            g_usleep(HELD_PAUSE_MS * 1000u);
        } else if ((is(code, SCARD_W_UNPOWERED_CARD) || is(code, SCARD_W_UNRESPONSIVE_CARD)) &&
                   power < POWER_TRIES) {
            power++;
            g_usleep(POWER_PAUSE_MS * 1000u);
        } else {
            break;
        }
    }
    link->has_handle = is(code, SCARD_S_SUCCESS);
    return code;
}

static void
let_go(TkePcscLink *link, DWORD disposition)
{
    if (link->in_transaction && disposition == SCARD_LEAVE_CARD) {
        (void) link->api->end_transaction(link->handle, SCARD_LEAVE_CARD);
    }
    link->in_transaction = false; /* disconnecting ends it as well */
    if (link->has_handle) {
        (void) link->api->disconnect(link->handle, disposition);
        link->has_handle = false;
    }
}

/* Shared with programs that are there and idle; the transaction waits while one is at work. */
static LONG
connect_shared(TkePcscLink *link)
{
    LONG code = connect_as(link, SCARD_SHARE_SHARED);

    if (!link->has_handle) {
        return code;
    }
    code = link->api->begin_transaction(link->handle);
    for (unsigned i = 1; i < HELD_TRIES && is(code, SCARD_W_RESET_CARD);
         i++) { /* before our time */
        code = link->api->reconnect(link->handle, SCARD_SHARE_SHARED, PROTOCOLS, SCARD_LEAVE_CARD,
                                    &link->protocol);
        code = is(code, SCARD_S_SUCCESS) ? link->api->begin_transaction(link->handle) : code;
    }
    code =
        is(code, SCARD_W_RESET_CARD) ? (LONG) SCARD_E_SHARING_VIOLATION : code; /* at work still */
    link->in_transaction = is(code, SCARD_S_SUCCESS);
    if (!link->in_transaction) {
        let_go(link, SCARD_LEAVE_CARD);
    }
    return code;
}

/* Notes whether another program has the reader: a connection that does not come about is then its
 * doing. */
static void
look_for_users(TkePcscLink *link)
{
    SCARD_READERSTATE state = { .szReader = link->service_name,
                                .dwCurrentState = SCARD_STATE_UNAWARE };

    if (is(link->api->get_status_change(link->context, 0, &state, 1), SCARD_S_SUCCESS) &&
        (state.dwEventState & (SCARD_STATE_INUSE | SCARD_STATE_EXCLUSIVE)) != 0) {
        g_atomic_int_set(&link->in_use, 1);
    }
}

static bool
open_context(TkePcscLink *link)
{
    const LONG code = link->api->establish_context(SCARD_SCOPE_SYSTEM, NULL, NULL, &link->context);

    link->has_context = is(code, SCARD_S_SUCCESS);
    if (!link->has_context) {
        fail(link, code, TKE_PCSC_IDLE);
    }
    return link->has_context;
}

/* The answer to reset and the protocol as they are now. */
static bool
read_status(TkePcscLink *link)
{
    uint8_t atr[ATR_ROOM] = { 0 };
    DWORD atr_len = 0;
    const LONG code = query_status(link, atr, &atr_len);

    if (!is(code, SCARD_S_SUCCESS)) {
        fail(link, code, TKE_PCSC_IDLE);
        return false;
    }
    if (atr_len < TKE_CARD_ATR_MIN || atr_len > TKE_CARD_ATR_MAX) {
        tke_pcsc_error_set_own(&link->error, TKE_CARD_ERROR_UNRESPONSIVE, link->reader_name, NULL,
                               _("the card's answer to reset has %lu bytes, %u to %u are possible"),
                               (unsigned long) atr_len, TKE_CARD_ATR_MIN, TKE_CARD_ATR_MAX);
        return false;
    }
    if (link->protocol != SCARD_PROTOCOL_T0 && link->protocol != SCARD_PROTOCOL_T1) {
        fail(link, SCARD_E_PROTO_MISMATCH, TKE_PCSC_IDLE);
        return false;
    }
    memcpy(link->atr, atr, atr_len);
    link->atr_len = atr_len;
    return true;
}

/* Is this a reader for us? Also notes what it carries. */
static bool
check_reader(TkePcscLink *link)
{
    TkePcscIdentity identity = { 0 };
    bool fits = false;
    bool exchanged = false;

    if (!tke_pcsc_identity_confirm(link->api, link->handle, link->service_name, &identity,
                                   &exchanged)) {
        fail(link, SCARD_E_READER_UNAVAILABLE, TKE_PCSC_IDLE);
        return false;
    }
    if (exchanged) {
        tke_pcsc_error_set_own(&link->error, TKE_CARD_ERROR_NO_READER, link->reader_name,
                               _("Look with “tke readers” which is which now, and start again."),
                               "%s", _("another reader of this name was plugged in in its place"));
    }
    fits = !exchanged && tke_pcsc_rules_check(link->rules, identity.is_virtual, identity.serial,
                                              link->reader_name, &link->error);
    /* T=0 has no extended length (ISO 7816-3, 12.2) */
    link->extended_length = identity.is_extended && link->protocol == SCARD_PROTOCOL_T1;
    tke_pcsc_identity_clear(&identity);
    return fits;
}

void
tke_pcsc_link_connect(void *state)
{
    TkePcscLink *link = state;
    LONG code = SCARD_S_SUCCESS;

    if (!open_context(link)) {
        return;
    }
    look_for_users(link);
    code = connect_as(link, SCARD_SHARE_EXCLUSIVE);
    if (is(code, SCARD_E_SHARING_VIOLATION)) {
        code = connect_shared(link);
    }
    if (!link->has_handle) {
        fail(link, code, TKE_PCSC_IDLE);
    } else if (!check_reader(link) || !read_status(link)) {
        let_go(link, SCARD_LEAVE_CARD);
    }
}

/* ---- a connection at work ---- */

/* Is it the card or the reader that has gone, or was the card reset? True if the error says so
 * now. */
static bool
explain_as_gone(TkePcscLink *link)
{
    for (unsigned i = 0; i < GONE_TRIES; i++) {
        const LONG code = query_state(link);

        if (!is(code, SCARD_S_SUCCESS)) {
            fail(link, code, TKE_PCSC_BUSY);
            return true;
        }
        g_usleep(GONE_PAUSE_MS * 1000u);
    }
    return false;
}

/* A failed exchange is told by its cause: drivers report a card that is pulled just as a
 * failure. */
static void
fail_busy(TkePcscLink *link, LONG code, TkePcscWhen when)
{
    const TkePcscCode *row = tke_pcsc_code_find((uint32_t) code);

    if (row != NULL && row->busy == TKE_CARD_ERROR_COMMUNICATION &&
        !tke_pcsc_code_is_lost_service(row->value) && explain_as_gone(link)) {
        return;
    }
    fail(link, code, when);
}

static bool
transmit(TkePcscLink *link, const uint8_t *command, size_t len)
{
    const SCARD_IO_REQUEST *pci = link->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
    DWORD got = sizeof link->answer;
    const LONG code =
        link->api->transmit(link->handle, pci, command, (DWORD) len, NULL, link->answer, &got);

    link->sent++;
    if (!is(code, SCARD_S_SUCCESS)) {
        fail_busy(link, code, TKE_PCSC_BUSY);
        return false;
    }
    if (got < 2 || got > sizeof link->answer) {
        tke_pcsc_error_set_own(&link->error, TKE_CARD_ERROR_COMMUNICATION, link->reader_name, NULL,
                               _("the card's answer has %lu bytes, which is none"),
                               (unsigned long) got);
        return false;
    }
    link->answer_len = got;
    return true;
}

/*
 * Under T=0 a command with data and an expected answer goes without Le: the card keeps the answer
 * until it is asked for; one with neither gets a fifth byte, 00 (ISO 7816-3, 12.2.2 and 12.2.5).
 */
static bool
transmit_t0(TkePcscLink *link, const uint8_t *command, size_t len)
{
    uint8_t header[5] = { 0 };

    if (len == 4) {
        memcpy(header, command, 4);
        return transmit(link, header, 5);
    }
    if (len > 5 && len == 6u + command[4]) {
        len--;
    }
    if (!transmit(link, command, len)) {
        return false;
    }
    /* 6Cxx: the card says how long its answer is (ISO 7816-4, 5.6) */
    if (len == 5 && link->answer_len == 2 && link->answer[0] == 0x6C) {
        memcpy(header, command, 4);
        header[4] = link->answer[1];
        return transmit(link, header, 5);
    }
    return true;
}

void
tke_pcsc_link_exchange(void *state)
{
    TkePcscLink *link = state;

    link->sent = 0;
    link->answer_len = 0;
    if (link->protocol == SCARD_PROTOCOL_T0) {
        (void) transmit_t0(link, tke_pcsc_link_get_command(link), link->command_len);
    } else {
        (void) transmit(link, tke_pcsc_link_get_command(link), link->command_len);
    }
    tke_pcsc_link_wipe_command(link);
}

/* pcscd itself does not look at that before a control command: the PIN would go to another card. */
static bool
is_same_card(TkePcscLink *link, TkePcscWhen when)
{
    const LONG code = query_state(link);

    if (!is(code, SCARD_S_SUCCESS)) {
        fail(link, code, when);
        return false;
    }
    return true;
}

static bool
control(TkePcscLink *link, bool reaches_card)
{
    DWORD got = 0;
    const LONG code =
        link->api->control(link->handle, link->control_code, tke_pcsc_link_get_command(link),
                           (DWORD) link->command_len, link->answer, sizeof link->answer, &got);

    if (!is(code, SCARD_S_SUCCESS) && reaches_card) {
        fail_busy(link, code, TKE_PCSC_ENTRY);
        return false;
    }
    if (!is(code, SCARD_S_SUCCESS)) {
        fail(link, code, TKE_PCSC_IDLE);
        return false;
    }
    if (got > sizeof link->answer) {
        fail(link, SCARD_E_INSUFFICIENT_BUFFER, TKE_PCSC_BUSY);
        return false;
    }
    link->answer_len = got;
    return true;
}

void
tke_pcsc_link_control(void *state)
{
    TkePcscLink *link = state;
    const bool reaches_card = link->command_len > 0; /* the others ask the driver only */

    link->answer_len = 0;
    if (reaches_card && !is_same_card(link, TKE_PCSC_IDLE)) {
        tke_pcsc_link_wipe_command(link);
        return;
    }
    link->pin_typed = link->pin_typed || reaches_card;
    if (control(link, reaches_card) && reaches_card) {
        (void) is_same_card(link, TKE_PCSC_BUSY);
    }
    tke_pcsc_link_wipe_command(link);
}

void
tke_pcsc_link_control_reader(void *state)
{
    TkePcscLink *link = state;
    LONG code = SCARD_S_SUCCESS;

    if (!open_context(link)) {
        return;
    }
    look_for_users(link);
    code = connect_as(link, SCARD_SHARE_DIRECT);
    if (link->has_handle) {
        /* another program's transaction would keep the reader's answers from us */
        code = link->api->begin_transaction(link->handle);
        link->in_transaction = is(code, SCARD_S_SUCCESS);
    }
    if (!link->in_transaction) {
        fail(link, code, TKE_PCSC_IDLE);
    } else if (check_reader(link)) {
        (void) control(link, false);
    }
    tke_pcsc_link_wipe_command(link);
}

void
tke_pcsc_link_reset(void *state)
{
    TkePcscLink *link = state;
    const LONG code = link->api->reconnect(
        link->handle, link->in_transaction ? SCARD_SHARE_SHARED : SCARD_SHARE_EXCLUSIVE, PROTOCOLS,
        SCARD_RESET_CARD, &link->protocol);

    if (!is(code, SCARD_S_SUCCESS)) {
        fail_busy(link, code, TKE_PCSC_BUSY);
        return;
    }
    link->pin_typed = false;
    if (read_status(link)) {
        (void) check_reader(link);
    }
}

void
tke_pcsc_link_finish(void *state)
{
    TkePcscLink *link = state;

    /* nobody is to find the card unlocked; one that was put in since is left alone */
    let_go(link, link->has_handle && link->pin_typed && is(query_state(link), SCARD_S_SUCCESS)
                     ? SCARD_RESET_CARD
                     : SCARD_LEAVE_CARD);
    if (link->has_context) {
        (void) link->api->release_context(link->context);
        link->has_context = false;
    }
    if (g_atomic_int_get(&link->left) != 0) {
        tke_pcsc_set_silent(link->service_name, false);
    }
}
