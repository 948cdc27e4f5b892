/*
 * The usage log of a card (card-protocol.md, section 9).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-cursor.h"
#include "common/digest.h"
#include "common/tlv.h"
#include "libsmartcard/card-evidence.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"

#define ENTRY_LEN 30u
#define PER_PAGE 32u
#define HEAD_LEN 32u

#define OPERATION(value, name, text, source) { (value), text },
static const struct {
    uint8_t operation;
    const char *text;
} operations[] = {
#include "libsmartcard/usage-operation.inc"
};
#undef OPERATION

char *
tke_card_evidence_operation_text(const TkeUsageEntry *entry)
{
    for (size_t i = 0; i < G_N_ELEMENTS(operations); i++) {
        if (operations[i].operation == entry->operation) {
            return g_strdup(g_dgettext(GETTEXT_PACKAGE, operations[i].text));
        }
    }
    return g_strdup_printf(_("operation %02X"), entry->operation);
}

static bool
read_entry(TkeByteCursor *cursor, TkeUsageEntry *entry)
{
    TkeByteCursor copy = *cursor;

    return tke_byte_cursor_copy(&copy, entry->bytes, sizeof entry->bytes) &&
           tke_byte_cursor_u32(cursor, &entry->counter) &&
           tke_byte_cursor_u8(cursor, &entry->operation) &&
           tke_byte_cursor_u8(cursor, &entry->argument) &&
           tke_byte_cursor_copy(cursor, entry->x, sizeof entry->x) &&
           tke_byte_cursor_copy(cursor, entry->y, sizeof entry->y);
}

/* Numbers of the first and last entry that a page must hold; first > last: none. */
static void
page_range(uint32_t counter, unsigned page, uint32_t *first, uint32_t *last)
{
    const uint32_t skipped = page * PER_PAGE;

    *last = counter > skipped ? counter - skipped : 0;
    *first = *last >= PER_PAGE ? *last - PER_PAGE + 1 : 1;
}

static bool
read_page(TkeByteCursor cursor, unsigned page, TkeUsageLog *log)
{
    TkeByteCursor counter = { 0 };
    TkeByteCursor entries = { 0 };
    uint32_t first = 0;
    uint32_t last = 0;

    if (!tke_tlv_read(&cursor, TKE_TAG_USAGE_COUNTER, &counter) ||
        !tke_byte_cursor_u32(&counter, &log->counter) || tke_byte_cursor_left(&counter) != 0 ||
        !tke_tlv_read_exact(&cursor, TKE_TAG_USAGE_HEAD, log->head, sizeof log->head) ||
        !tke_tlv_read(&cursor, TKE_TAG_USAGE, &entries) || tke_byte_cursor_left(&cursor) != 0) {
        return false;
    }
    page_range(log->counter, page, &first, &last);
    log->n = first <= last ? last - first + 1 : 0;
    if (tke_byte_cursor_left(&entries) != (size_t) log->n * ENTRY_LEN) {
        return false;
    }
    for (unsigned i = 0; i < log->n; i++) {
        if (!read_entry(&entries, &log->entries[i]) || log->entries[i].counter != first + i) {
            return false;
        }
    }
    return true;
}

bool
tke_card_evidence_parse_page(const uint8_t *data, size_t len, unsigned page, TkeUsageLog *log,
                             GError **error)
{
    g_autofree TkeUsageLog *read = g_new0(TkeUsageLog, 1);

    g_return_val_if_fail(page < TKE_USAGE_PAGES, false);
    if (!read_page(tke_byte_cursor(data, len), page, read)) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                    _("the usage log of the card differs from the card protocol"));
        return false;
    }
    *log = *read;
    return true;
}

bool
tke_card_evidence_query_page(TkeCard *card, unsigned page, TkeUsageLog *log, GError **error)
{
    TkeCardAnswer answer;
    g_autoptr(GError) inner = NULL;

    g_return_val_if_fail(page < TKE_USAGE_PAGES, false);
    if (!tke_card_get(card, TKE_GET_USAGE, (uint8_t) page, _("reading the usage log"), &answer,
                      error)) {
        return false;
    }
    if (!tke_card_evidence_parse_page(answer.data, answer.len, page, log, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    return true;
}

bool
tke_card_evidence_first_head(const uint8_t card_id[static TKE_CARD_ID_LEN], uint8_t head[static 32],
                             GError **error)
{
    g_autoptr(GByteArray) message = g_byte_array_new();

    tke_zone_label_append(message, "usage", card_id, TKE_CARD_ID_LEN);
    return tke_digest_sha256(message->data, message->len, head, error);
}

bool
tke_card_evidence_next_head(uint8_t head[static 32], const TkeUsageEntry *entry, GError **error)
{
    uint8_t message[HEAD_LEN + ENTRY_LEN];

    memcpy(message, head, HEAD_LEN);
    memcpy(message + HEAD_LEN, entry->bytes, ENTRY_LEN);
    return tke_digest_sha256(message, sizeof message, head, error);
}

static bool
set_gap(GError **error)
{
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_LOG_GAP,
                _("the card no longer keeps all operations since the state noted earlier"));
    return false;
}

static bool
set_changed(GError **error)
{
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE,
                _("the usage log of the card does not continue the state noted earlier"));
    return false;
}

bool
tke_card_evidence_check_chain(const TkeUsageLog *log, uint32_t since,
                              const uint8_t since_head[static 32], GError **error)
{
    uint8_t head[HEAD_LEN];
    uint32_t next = since;

    if (since > log->counter) {
        return set_changed(error);
    }
    memcpy(head, since_head, sizeof head);
    for (unsigned i = 0; i < log->n; i++) {
        if (log->entries[i].counter <= since) {
            continue;
        }
        if (log->entries[i].counter != next + 1) {
            return set_gap(error);
        }
        next++;
        if (!tke_card_evidence_next_head(head, &log->entries[i], error)) {
            return false;
        }
    }
    if (next != log->counter) {
        return set_gap(error);
    }
    return memcmp(head, log->head, sizeof head) == 0 || set_changed(error);
}

/* Puts the entries of an older page in front. All pages must show one state of the log. */
static bool
put_in_front(TkeUsageLog *log, const TkeUsageLog *page)
{
    if (page->counter != log->counter || memcmp(page->head, log->head, sizeof log->head) != 0 ||
        page->n + log->n > TKE_USAGE_KEPT) {
        return false;
    }
    memmove(log->entries + page->n, log->entries, log->n * sizeof log->entries[0]);
    memcpy(log->entries, page->entries, page->n * sizeof log->entries[0]);
    log->n += page->n;
    return true;
}

/* Leaves out what was done up to number since. */
static void
drop_older(TkeUsageLog *log, uint32_t since)
{
    unsigned drop = 0;

    while (drop < log->n && log->entries[drop].counter <= since) {
        drop++;
    }
    log->n -= drop;
    memmove(log->entries, log->entries + drop, log->n * sizeof log->entries[0]);
}

static bool
read_pages(TkeCard *card, uint32_t since, TkeUsageLog *log, GError **error)
{
    g_autofree TkeUsageLog *page = g_new0(TkeUsageLog, 1);

    if (!tke_card_evidence_query_page(card, 0, log, error)) {
        return false;
    }
    for (unsigned i = 1; i < TKE_USAGE_PAGES; i++) {
        if (log->n == 0 || log->entries[0].counter <= 1 || log->entries[0].counter - 1 <= since) {
            break;
        }
        if (!tke_card_evidence_query_page(card, i, page, error)) {
            return false;
        }
        if (!put_in_front(log, page)) {
            tke_card_set_protocol_error(card, _("reading the usage log"), error);
            return false;
        }
    }
    drop_older(log, since);
    return true;
}

bool
tke_card_evidence_query_log(TkeCard *card, const TkeCardStatus *status, uint32_t since,
                            const uint8_t *since_head, TkeUsageLog *log, GError **error)
{
    g_autofree TkeUsageLog *read = g_new0(TkeUsageLog, 1);
    uint8_t head[HEAD_LEN] = { 0 };
    g_autoptr(GError) inner = NULL;

    g_return_val_if_fail(since_head != NULL || since == 0, false);
    if (since_head != NULL) {
        memcpy(head, since_head, sizeof head);
    } else if (!tke_card_evidence_first_head(status->card_id, head, error)) {
        return false;
    }
    if (!read_pages(card, since, read, error)) {
        return false;
    }
    if (!tke_card_evidence_check_chain(read, since, head, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    *log = *read;
    return true;
}
