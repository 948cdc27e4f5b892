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
#include "libceremony/inventory.h"
#include "libceremony/op-card-begun.h"
#include "libceremony/op-card-overwrite.h"
#include "libceremony/op-card-probe.h"
#include "libceremony/record.h"
#include "libsmartcard/gp-loader.h"
#include "libsmartcard/gp-registry.h"

#define ERASE "opentke-card.erase"
#define STEPS 3u
#define QUARTERS 4u

/* What has become of the card so far, for people (P-8). */
typedef enum {
    AS_IT_WAS,
    IN_DOUBT,  /* whether what was there is gone */
    NO_APPLET, /* nor anything else of ours */
    INSTALLED, /* the applet is there, and holds nothing */
} State;

/* One card on its way to an applet. */
typedef struct Loading {
    TkeOperation *op;
    TkeCard *card;
    const TkeCapFile *cap;
    const TkeGpAid *applet;
    TkeCardStatus old;
    bool in_use;      /* old holds something that is erased */
    bool has_package; /* the applet's package is on the card */
    State state;
    GError *left; /* why what was loaded could not be taken off again */
    TkeGpCardData data;
    unsigned quarter; /* of the file that were reported */
} Loading;

static bool
unsuitable(const Loading *loading, GError **error, const char *why)
{
    g_propagate_error(error,
                      tke_op_card_probe_unsuitable(
                          loading->card, loading->data.has_cplc ? loading->data.cplc : NULL, why));
    return false;
}

static void
on_progress(void *data, size_t done, size_t total)
{
    Loading *loading = data;
    unsigned quarter = (unsigned) (done * QUARTERS / total);

    loading->state = NO_APPLET;
    if (quarter > loading->quarter && quarter < QUARTERS) {
        g_autofree char *what = g_strdup_printf(_("Loading the applet: %zu of %zu KB"),
                                                (done + 512) / 1024, (total + 512) / 1024);

        loading->quarter = quarter;
        tke_operation_step(loading->op, 1, STEPS, what);
    }
}

/*
 * An applet that its issuer has locked cannot be selected: a card with it looks blank, and what it
 * holds cannot be shown. Only the registry tells; nobody agreed to erase such an applet.
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
        g_autofree char *why =
            g_strdup_printf(_("its issuer has locked it (%s)"),
                            tke_gp_registry_life_cycle_text(registry->card_life_cycle));

        return unsuitable(loading, error, why);
    }
    if (!check_unseen(loading, registry, error)) {
        return false;
    }
    loading->has_package = tke_gp_registry_has_package(registry, &tke_gp_aid_package);
    if (found && free_bytes < wanted && !loading->has_package) {
        g_autofree char *why = g_strdup_printf(
            _("it has %u bytes of memory free, and %zu are needed"), free_bytes, wanted);

        return unsuitable(loading, error, why);
    }
    return true;
}

/* why: DELETE failed with it. The card said no status word that it could be told by: was it
 * deleted? */
static bool
may_be_deleted(const GError *why)
{
    TkeCardErrorInfo info;

    return tke_card_error_get_info(why, &info) && info.sw == 0;
}

/* No card has this id any more. That the inventory cannot be told hinders nothing else. */
static void
forget(const Loading *loading)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(TkeInventory) inventory =
        tke_inventory_load(tke_operation_get_world(loading->op), &local);

    if (inventory == NULL || (tke_inventory_forget(inventory, loading->old.card_id) &&
                              !tke_inventory_save(inventory, &local))) {
        tke_operation_note(loading->op,
                           _("The card inventory still has the card that is erased: %s"),
                           local->message);
    }
}

static JsonObject *
erase_values(const Loading *loading)
{
    JsonObject *values = json_object_new();

    tke_op_card_overwrite_record(values, &loading->old);
    return values;
}

/* Log and inventory know before the card does, whatever becomes of this program (F-170). */
static bool
begin_erase(Loading *loading, GError **error)
{
    if (!loading->in_use) {
        return true;
    }
    if (!tke_operation_check(loading->op, error) ||
        !tke_record_begun(loading->op, ERASE, erase_values(loading), error)) {
        return false;
    }
    forget(loading);
    return true;
}

/* why: it was refused, or nobody knows whether what was there is gone; NULL: it is. */
static bool
record_erase(Loading *loading, const GError *why, GError **error)
{
    JsonObject *values = NULL;

    if (!loading->in_use) {
        return true;
    }
    values = erase_values(loading);
    if (why != NULL) {
        json_object_set_string_member(values, "result", may_be_deleted(why) ? "unknown" : "failed");
        tke_record_error(values, why);
    }
    return tke_record_done(loading->op, ERASE, values, error);
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
    if (!begin_erase(loading, error)) {
        return false;
    }
    if (!tke_gp_registry_delete(scp, &tke_gp_aid_package, &found, &inner)) {
        loading->state = may_be_deleted(inner) ? IN_DOUBT : loading->state;
        record_erase(loading, inner, NULL);
        g_propagate_error(error, g_steal_pointer(&inner));
        return false;
    }
    loading->state = NO_APPLET;
    return record_erase(loading, NULL, error);
}

/* status NULL: the card did not tell any more who it is. */
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
    if (status != NULL) {
        tke_record_card(values, "card", status);
    }
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

/* The applet has tried what it needs when it was installed. */
static bool
probe(const Loading *loading, GError **error)
{
    GError *inner = NULL;
    bool found = false;

    if (tke_card_select(loading->card, kind_of(loading), &found, &inner) && found) {
        return tke_op_card_probe(loading->op, loading->card, error);
    }
    if (inner == NULL) {
        not_there(loading->card, &inner);
    }
    tke_op_card_probe_take_off(loading->op, loading->card, inner);
    g_propagate_error(error, inner);
    return false;
}

static bool
load_and_probe(Loading *loading, TkeGpScpInfo *info, GError **error)
{
    g_autoptr(TkeGpKeySet) keys = tke_card_tries_keys(loading->op, loading->card, error);
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
    if (!tke_gp_loader_install(scp, loading->cap, loading->applet, on_progress, loading,
                               &loading->left, error)) {
        return false;
    }
    loading->state = INSTALLED;
    tke_operation_step(loading->op, 2, STEPS, _("The applet tries the card"));
    return probe(loading, error);
}

static const char *
state_text(State state)
{
    switch (state) {
    case NO_APPLET:
        return _("the card has no applet now; start again with it: ");
    case INSTALLED:
        return _("the card has its applet now and holds nothing; start again with it: ");
    case IN_DOUBT:
        return _("whether what was on the card is gone is not known; start again with it: ");
    case AS_IT_WAS:
    default:
        return _("the card is as it was: ");
    }
}

/* What is so after a failure, for people (P-8); the operation itself says what to look for after a
 * lost card. */
static void
say_state(const Loading *loading, GError **error)
{
    if (error == NULL || *error == NULL || tke_card_error_is_outcome_unknown(*error) ||
        (loading->state == INSTALLED && tke_op_card_probe_blames_card(*error))) {
        return;
    }
    if (loading->left != NULL) {
        g_autofree char *left = tke_record_text(loading->left);

        g_prefix_error(error,
                       _("what was loaded may still be on the card, because it could not be taken "
                         "off (%s); start again with the card, which begins with that, or take "
                         "another one: "),
                       left);
        return;
    }
    g_prefix_error(error, "%s", state_text(loading->state));
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
                        .applet =
                            need->wanted == TKE_WANTED_BLANK_CA ? &tke_gp_aid_ca : &tke_gp_aid_ep11,
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
        g_clear_error(&loading.left);
        tke_card_session_drop(session, need->reader); /* whatever it is now, it is looked at anew */
        return false;
    }
    if (!tke_card_session_recognise(op, need->reader, &status, error)) {
        g_prefix_error(error, "%s", state_text(INSTALLED));
        (void) record_load(&loading, NULL, &info, NULL);
        tke_card_session_drop(session, need->reader);
        return false;
    }
    if (status->kind != kind_of(&loading)) {
        return not_there(card, error);
    }
    tke_operation_note(op, _("The card in reader %u has its applet now."), need->reader);
    return record_load(&loading, status, &info, error);
}

/*
 * An applet that is there already and holds nothing: nobody knows whether its probe was ever read
 * (card pulled after the installation, another program). Where the card has a zone it was, before
 * that was put there.
 */
static bool
probe_found(TkeOperation *op, const TkeCardNeed *need, TkeCard *card, const TkeCardStatus *status,
            GError **error)
{
    bool ok = false;

    if (status->has_zone) {
        return true;
    }
    if (!tke_card_begin(card, error)) {
        return false;
    }
    ok = tke_op_card_probe(op, card, error);
    tke_card_end(card);
    if (!ok) {
        tke_card_session_drop(tke_operation_get_card_session(op), need->reader);
    }
    return ok;
}

/* What more a load needs of the card only its card manager tells, which is not opened for it. */
static bool
may_load(TkeOperation *op, unsigned reader, GError **error)
{
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op, _("Reader %u: the applet would be loaded onto the card."), reader);
    }
    return tke_operation_may_change(op, error);
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
    bool goes_on = false;

    wanted.loadable = true;
    wanted.overwrite = tke_operation_may_overwrite(op);
    card = tke_card_session_need(op, &wanted, &found, error);
    if (card == NULL || !tke_op_card_begun_goes_on(op, &wanted, found, &goes_on, error)) {
        return NULL;
    }
    if (goes_on && !tke_operation_may_change(op, error)) {
        return NULL;
    }
    if (goes_on) {
        *loaded = false;
        return probe_found(op, need, card, found, error)
                   ? tke_card_session_get(session, need->reader, status)
                   : NULL;
    }
    cap = tke_world_get_applet(tke_operation_get_world(op), error);
    if (cap == NULL || !tke_op_card_overwrite_confirm(op, &wanted, found, error) ||
        !tke_operation_check(op, error) || !may_load(op, need->reader, error)) {
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
