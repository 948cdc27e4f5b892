/*
 * Load the applet onto a card (functions 2.3, step 2; card-protocol.md, 1 and 6.4).
 */
#include "libceremony/op-card-load.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/digest.h"
#include "common/hex.h"
#include "libceremony/card-session-private.h"
#include "libceremony/card-tries.h"
#include "libceremony/op-card-overwrite.h"
#include "libceremony/record.h"
#include "libceremony/settings.h"
#include "libsmartcard/gp-loader.h"
#include "libsmartcard/gp-registry.h"

#define STEPS 3u
#define MARKS 10u
#define QUARTERS 4u

static const struct {
    const char *text;
    bool must;
} marks_known[MARKS] = {
    { N_("P-521 key generation"), true },
    { N_("ECDSA with SHA-512"), true },
    { N_("ECDH on P-521"), true },
    { N_("AES-256"), true },
    { N_("AES-CMAC of the platform"), false },
    { N_("SHA-256"), true },
    { N_("secure random numbers"), true },
    { N_("transient private keys"), false },
    { N_("refusal of points off the curve"), false },
    { N_("extended length"), false },
};

const char *
tke_op_card_load_mark_text(unsigned mark)
{
    g_return_val_if_fail(mark < MARKS, NULL);
    return g_dgettext(GETTEXT_PACKAGE, marks_known[mark].text);
}

char *
tke_op_card_load_missing(const bool marks[static 10])
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < MARKS; i++) {
        if (marks_known[i].must && !marks[i]) {
            g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "",
                                   tke_op_card_load_mark_text(i));
        }
    }
    return text->len > 0 ? g_strdup(text->str) : NULL;
}

char *
tke_op_card_load_type_text(TkeCard *card, const uint8_t *cplc)
{
    size_t len = 0;
    const uint8_t *atr = tke_card_get_atr(card, &len);
    g_autofree char *atr_text = tke_hex_encode_upper(atr, len);
    g_autofree char *maker = cplc != NULL ? tke_hex_encode_upper(cplc, 10) : NULL;

    return maker != NULL ? g_strdup_printf(_("ATR %s, maker's data %s"), atr_text, maker)
                         : g_strdup_printf(_("ATR %s"), atr_text);
}

TkeGpKeySet *
tke_op_card_load_keys(TkeOperation *op, TkeCard *card, GError **error)
{
    g_autoptr(TkeSettings) settings = tke_settings_load(tke_operation_get_world(op), error);
    g_autofree char *path = NULL;
    size_t len = 0;
    const uint8_t *atr = tke_card_get_atr(card, &len);

    if (settings == NULL || !tke_settings_find_card_keys(settings, atr, len, &path, error)) {
        return NULL;
    }
    return path != NULL ? tke_gp_key_set_load(path, error) : tke_gp_key_set_new_default(error);
}

/* One card on its way to an applet. */
typedef struct Loading {
    TkeOperation *op;
    TkeCard *card;
    const TkeCapFile *cap;
    const TkeGpAid *applet;
    TkeCardStatus old;
    bool in_use;      /* old holds something that is erased */
    bool has_package; /* the applet's package is on the card */
    bool touched;     /* the card is, or may be, no longer what it was */
    bool told;        /* the error says what has become of the card */
    TkeGpCardData data;
    unsigned quarter; /* of the file that were reported */
} Loading;

static bool
unsuitable(const Loading *loading, GError **error, const char *why)
{
    g_autofree char *type = tke_op_card_load_type_text(
        loading->card, loading->data.has_cplc ? loading->data.cplc : NULL);
    GError *made =
        g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE,
                    _("the card cannot take the applet: %s. Found: %s. Made for: NXP JCOP4 J3R180"),
                    why, type);

    tke_card_tag_error(loading->card, &made);
    g_propagate_error(error, made);
    return false;
}

static void
on_progress(void *data, size_t done, size_t total)
{
    Loading *loading = data;
    unsigned quarter = (unsigned) (done * QUARTERS / total);

    loading->touched = true;
    if (quarter > loading->quarter && quarter < QUARTERS) {
        g_autofree char *what = g_strdup_printf(_("Loading the applet: %zu of %zu KB"),
                                                (done + 512) / 1024, (total + 512) / 1024);

        loading->quarter = quarter;
        tke_operation_step(loading->op, 1, STEPS, what);
    }
}

/*
 * An applet that its issuer has locked cannot be selected: a card with it looks blank, and what it holds cannot be
 * shown. Only the registry tells; nobody agreed to erase such an applet.
 */
static bool
check_unseen(const Loading *loading, const TkeGpRegistry *registry, GError **error)
{
    const TkeGpAid *seen = loading->old.kind == TKE_CARD_KIND_CA     ? &tke_gp_aid_ca
                           : loading->old.kind == TKE_CARD_KIND_EP11 ? &tke_gp_aid_ep11
                                                                     : NULL;

    for (guint i = 0; i < registry->applications->len && !loading->in_use; i++) {
        const TkeGpEntry *entry = &g_array_index(registry->applications, TkeGpEntry, i);
        const bool ours =
            tke_gp_aid_equal(&entry->aid, &tke_gp_aid_ca) ||
            tke_gp_aid_equal(&entry->aid, &tke_gp_aid_ep11) ||
            (entry->has_package && tke_gp_aid_equal(&entry->package, &tke_gp_aid_package));

        if (ours && (seen == NULL || !tke_gp_aid_equal(&entry->aid, seen))) {
            g_autofree char *aid = tke_gp_aid_text(&entry->aid);
            g_autofree char *why = g_strdup_printf(_("its issuer has locked it (%s)"), aid);

            return unsuitable(loading, error, why);
        }
    }
    return true;
}

/* The card is in a state, and has room, for an applet; what it holds already will be gone. */
static bool
check_card(Loading *loading, TkeGpScp *scp, GError **error)
{
    g_autoptr(TkeGpRegistry) registry = tke_gp_registry_query(scp, error);
    const size_t wanted = tke_gp_loader_memory(loading->cap);
    bool found = loading->data.has_free;
    uint32_t free_bytes = loading->data.free_bytes;

    if (registry == NULL ||
        (!found && !tke_gp_registry_query_free(scp, &found, &free_bytes, error))) {
        return false;
    }
    if (registry->card_life_cycle == TKE_GP_CARD_LOCKED ||
        registry->card_life_cycle == TKE_GP_TERMINATED) {
        g_autofree char *why = g_strdup_printf(
            _("its issuer has locked it (%s)"),
            tke_gp_registry_life_cycle_text(registry->card_life_cycle));

        return unsuitable(loading, error, why);
    }
    if (!check_unseen(loading, registry, error)) {
        return false;
    }
    loading->has_package = tke_gp_registry_has_package(registry, &tke_gp_aid_package);
    if (found && free_bytes < wanted && !loading->has_package) {
        g_autofree char *why =
            g_strdup_printf(_("it has %u bytes of memory free, and %zu are needed"), free_bytes,
                            wanted);

        return unsuitable(loading, error, why);
    }
    return true;
}

/* why: DELETE failed with it. The card said no status word that it could be told by: was it deleted? */
static bool
may_be_deleted(const GError *why)
{
    TkeCardErrorInfo info;

    return tke_card_error_get_info(why, &info) && info.sw == 0;
}

/* unknown: why nobody knows whether what was there is gone; NULL: it is. */
static bool
record_erase(Loading *loading, const GError *unknown, GError **error)
{
    JsonObject *values = NULL;

    if (!loading->in_use) {
        return true;
    }
    values = json_object_new();
    tke_op_card_overwrite_record(values, &loading->old);
    if (unknown != NULL) {
        json_object_set_string_member(values, "result", "unknown");
        json_object_set_string_member(values, "error", unknown->message);
    }
    return tke_record_done(loading->op, "opentke-card.erase", values, error);
}

/* What a card in use held is gone from here on, or may be: that is recorded whatever follows. */
static bool
erase(Loading *loading, TkeGpScp *scp, GError **error)
{
    g_autoptr(GError) inner = NULL;
    bool found = false;

    if (!loading->in_use && !loading->has_package) {
        return true;
    }
    if (!tke_gp_registry_delete(scp, &tke_gp_aid_package, &found, &inner)) {
        if (may_be_deleted(inner)) {
            loading->touched = true;
            record_erase(loading, inner, NULL);
        }
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    loading->touched = true;
    return record_erase(loading, NULL, error);
}

static bool
record_load(Loading *loading, const TkeCardStatus *status, const TkeGpScpInfo *info, GError **error)
{
    JsonObject *values = json_object_new();
    size_t len = 0;
    const uint8_t *file = tke_cap_file_get_load_file(loading->cap, &len);
    g_autofree char *type = NULL;
    g_autofree char *hash = NULL;
    uint8_t digest[TKE_SHA256_LEN];
    size_t atr_len = 0;
    const uint8_t *atr = tke_card_get_atr(loading->card, &atr_len);

    if (!tke_digest_sha256(file, len, digest, error)) {
        json_object_unref(values);
        return false;
    }
    hash = tke_hex_encode(digest, sizeof digest);
    type = tke_hex_encode(atr, atr_len);
    tke_record_card(values, "card", status);
    json_object_set_string_member(values, "atr", type);
    json_object_set_string_member(values, "load_file", hash);
    json_object_set_int_member(values, "scp", info->protocol);
    return tke_record_done(loading->op, "opentke-card.load", values, error);
}

static TkeCardKind
kind_of(const Loading *loading)
{
    return loading->applet == &tke_gp_aid_ca ? TKE_CARD_KIND_CA : TKE_CARD_KIND_EP11;
}

static bool
not_there(TkeCard *card, GError **error)
{
    GError *made = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                               _("the card does not show the applet that was just installed"));

    tke_card_tag_error(card, &made);
    g_propagate_error(error, made);
    return false;
}

/* The applet has tried what it needs when it was installed; where something is missing it is taken off. */
static bool
probe(Loading *loading, GError **error)
{
    g_autofree char *missing = NULL;
    g_autofree char *why = NULL;
    bool marks[MARKS] = { false };
    bool found = false;

    if (!tke_card_select(loading->card, kind_of(loading), &found, error)) {
        return false;
    }
    if (!found) {
        return not_there(loading->card, error);
    }
    if (!tke_card_query_probe(loading->card, marks, error)) {
        return false;
    }
    missing = tke_op_card_load_missing(marks);
    if (missing == NULL) {
        return true;
    }
    why = g_strdup_printf(_("it lacks %s, as the applet has found, which is taken off again"),
                          missing);
    loading->told = true;
    return unsuitable(loading, error, why);
}

/* After a probe that failed, whatever the reason: the card becomes blank again, if it is still there. */
static bool
take_off(Loading *loading)
{
    TkeGpCardData ignored = { 0 };
    g_autoptr(TkeGpKeySet) keys = tke_op_card_load_keys(loading->op, loading->card, NULL);
    g_autoptr(TkeGpScp) scp = NULL;
    bool found = false;

    tke_card_set_cancellable(loading->card, NULL);
    if (keys == NULL || !tke_gp_registry_select(loading->card, &ignored, NULL)) {
        return false;
    }
    scp = tke_card_tries_open(loading->op, loading->card, keys, false, NULL);
    return scp != NULL && tke_gp_registry_delete(scp, &tke_gp_aid_package, &found, NULL);
}

static bool
load_and_probe(Loading *loading, TkeGpScpInfo *info, GError **error)
{
    g_autoptr(TkeGpKeySet) keys = tke_op_card_load_keys(loading->op, loading->card, error);
    g_autoptr(TkeGpScp) scp = NULL;

    tke_operation_step(loading->op, 0, STEPS, _("Opening the card manager"));
    if (keys == NULL || !tke_gp_registry_select(loading->card, &loading->data, error) ||
        !tke_gp_registry_query_data(loading->card, &loading->data, error)) {
        return false;
    }
    scp = tke_card_tries_open(loading->op, loading->card, keys, false, error);
    if (scp == NULL || !check_card(loading, scp, error) || !erase(loading, scp, error)) {
        return false;
    }
    *info = *tke_gp_scp_get_info(scp);
    tke_operation_step(loading->op, 1, STEPS, _("Loading the applet (may take a minute)"));
    if (!tke_gp_loader_install(scp, loading->cap, loading->applet, on_progress, loading, error)) {
        return false;
    }
    tke_operation_step(loading->op, 2, STEPS, _("The applet tries the card"));
    if (probe(loading, error)) {
        return true;
    }
    if (!take_off(loading)) {
        loading->told = true;
        g_prefix_error(error, _("the applet may still be on the card: "));
    }
    return false;
}

/* What is so after a failure, for people (P-8); the operation itself says what to look for after a lost card. */
static void
say_state(const Loading *loading, GError **error)
{
    if (error == NULL || *error == NULL || loading->told ||
        tke_card_error_is_outcome_unknown(*error)) {
        return;
    }
    g_prefix_error(error, "%s",
                   loading->touched ? _("the card has no applet now; start again with it: ")
                                    : _("the card is as it was: "));
}

static bool
load_applet(TkeOperation *op, const TkeCardNeed *need, TkeCard *card, const TkeCardStatus *old,
            const TkeCapFile *cap, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardStatus *status = NULL;
    TkeGpScpInfo info = { 0 };
    Loading loading = { .op = op,
                        .card = card,
                        .cap = cap,
                        .applet = need->wanted == TKE_WANTED_BLANK_CA ? &tke_gp_aid_ca
                                                                      : &tke_gp_aid_ep11,
                        .old = *old,
                        .in_use = !tke_card_status_is_blank(old) };
    bool ok = false;

    if (!tke_card_begin(card, error)) {
        return false;
    }
    tke_card_set_cancellable(card, tke_operation_get_cancellable(op));
    ok = load_and_probe(&loading, &info, error);
    tke_card_set_cancellable(card, NULL);
    tke_card_end(card);
    if (!ok) {
        say_state(&loading, error);
        tke_card_session_drop(session, need->reader); /* whatever it is now, it is looked at anew */
        return false;
    }
    if (!tke_card_session_recognise(op, need->reader, &status, error)) {
        return false;
    }
    if (status->kind != kind_of(&loading)) {
        return not_there(card, error);
    }
    tke_operation_note(op, _("The card in reader %u has its applet now."), need->reader);
    return record_load(&loading, status, &info, error);
}

/* The card is what was asked for: with the right applet, in no zone or begun in this one. */
static bool
is_ready(const TkeCardNeed *need, const TkeCardStatus *status)
{
    const TkeCardKind kind =
        need->wanted == TKE_WANTED_BLANK_CA ? TKE_CARD_KIND_CA : TKE_CARD_KIND_EP11;
    const bool same_zone = need->zone_id != NULL && status->has_zone &&
                           memcmp(need->zone_id, status->zone_id, TKE_ZONE_ID_LEN) == 0;

    if (status->kind != kind) {
        return false;
    }
    if (!status->has_zone) {
        return true;
    }
    if (kind == TKE_CARD_KIND_CA) {
        return need->unfinished_too && same_zone && status->description[0] == '\0';
    }
    return same_zone && (status->life_cycle < TKE_CARD_MEMBER ||
                         (need->unfinished_too && status->life_cycle == TKE_CARD_MEMBER));
}

TkeCard *
tke_op_card_load_need(TkeOperation *op, const TkeCardNeed *need, const TkeCardStatus **status,
                      bool *loaded, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCardNeed wanted = *need;
    const TkeCapFile *cap = NULL;
    const TkeCardStatus *found = NULL;
    TkeCard *card = NULL;

    wanted.loadable = true;
    wanted.overwrite = tke_operation_may_overwrite(op);
    card = tke_card_session_need(op, &wanted, &found, error);
    if (card == NULL) {
        return NULL;
    }
    if (is_ready(&wanted, found)) {
        *loaded = false;
        return tke_card_session_get(session, need->reader, status);
    }
    cap = tke_world_get_applet(tke_operation_get_world(op), error);
    if (cap == NULL || !tke_op_card_overwrite_confirm(op, &wanted, found, error) ||
        !tke_operation_check(op, error)) {
        return NULL;
    }
    /* While a person read and typed the card may have been changed for another one. */
    if (!tke_op_card_overwrite_is_same(op, &wanted, found, error)) {
        return NULL;
    }
    card = tke_card_session_get(session, need->reader, &found);
    if (!load_applet(op, &wanted, card, found, cap, error)) {
        return NULL;
    }
    if (!tke_operation_check(op, error)) {
        g_prefix_error(error, _("the card has its applet now and holds nothing; start again with "
                                "it: "));
        return NULL;
    }
    *loaded = true;
    return tke_card_session_get(session, need->reader, status);
}
