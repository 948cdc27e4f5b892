/*
 * Does the card in a reader do, and if not, why? (functions 2.2, P-1; E-C04 to E-C06, E-C17)
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "libceremony/card-session-private.h"
#include "libsmartcard/pin-pad.h"

const char *
tke_card_session_wanted_title(TkeWantedCard wanted)
{
    switch (wanted) {
    case TKE_WANTED_CA:
        return _("Insert a CA card.");
    case TKE_WANTED_EP11:
        return _("Insert a personalized EP11 card.");
    case TKE_WANTED_BLANK_CA:
        return _("Insert a blank card for a CA card.");
    case TKE_WANTED_NEW_EP11:
        return _("Insert a blank card for an EP11 card.");
    case TKE_WANTED_ENROLLED:
        return _("Insert an enrolled EP11 card that has no PIN.");
    case TKE_WANTED_NONE:
    case TKE_WANTED_ANY:
    default:
        return _("Insert a card.");
    }
}

static bool
unfit(const char **word, char **reason, const char *the_word, const char *text)
{
    *word = the_word;
    *reason = g_strdup(text);
    return false;
}

static bool
is_ours(const TkeCardStatus *status)
{
    return status->kind == TKE_CARD_KIND_CA || status->kind == TKE_CARD_KIND_EP11;
}

/* Only the end of the step is missing on this card (TkeCardNeed, unfinished_too). */
static bool
is_unfinished(const TkeCardNeed *need, const TkeCardSlot *slot, bool put_in_now)
{
    const TkeCardStatus *status = &slot->status;

    if (!need->unfinished_too || need->zone_id == NULL || status->life_cycle != TKE_CARD_MEMBER ||
        tke_card_status_is_lost(status) ||
        memcmp(need->zone_id, status->zone_id, TKE_ZONE_ID_LEN) != 0) {
        return false;
    }
    return need->wanted == TKE_WANTED_NEW_EP11
               ? status->kind == TKE_CARD_KIND_EP11 && put_in_now
               : need->wanted == TKE_WANTED_BLANK_CA && status->kind == TKE_CARD_KIND_CA &&
                     status->description[0] == '\0';
}

/* E-C04 and E-C21: what is there, and what was wanted. */
static bool
unfit_foreign(const TkeCardStatus *status, bool ca, const char **word, char **reason)
{
    if (status->kind == TKE_CARD_KIND_OTHER_VERSION) {
        *word = "other-version";
        *reason = g_strdup_printf(
            _("The applet of this card has version %u.%u.%u, which this program does not know: the "
              "card is not used. Initializing it anew updates it and loses what it holds."),
            status->version[0], status->version[1], status->version[2]);
        return false;
    }
    if (status->kind == TKE_CARD_KIND_EMPTY) {
        return unfit(word, reason, "wrong-kind",
                     ca ? _("This is a blank card without applet; a CA card is wanted.")
                        : _("This is a blank card without applet; an EP11 card is wanted."));
    }
    return unfit(word, reason, "wrong-kind",
                 ca ? _("This is a foreign card; a CA card is wanted.")
                    : _("This is a foreign card; an EP11 card is wanted."));
}

/* E-C10: nobody types a PIN for a card that the other one has made useless. */
static bool
unfit_lost(const TkeCardStatus *status, const char **word, char **reason)
{
    const TkePinStatus *first = tke_card_status_get_pin(status, TKE_PIN_FIRST);
    const TkePinStatus *second = tke_card_status_get_pin(status, TKE_PIN_SECOND);
    const bool first_blocked = first != NULL && first->state == TKE_PIN_BLOCKED;
    const bool second_blocked = second != NULL && second->state == TKE_PIN_BLOCKED;

    return unfit(word, reason, "blocked",
                 first_blocked && second_blocked
                     ? _("Both PINs of this CA card are blocked: the card is lost for good. "
                         "Insert the backup CA card, and make a new backup from it at once.")
                 : second_blocked
                     ? _("The second PIN of this CA card is blocked: the card is lost for good. "
                         "Insert the backup CA card, and make a new backup from it at once.")
                     : _("The first PIN of this CA card is blocked: the card is lost for good. "
                         "Insert the backup CA card, and make a new backup from it at once."));
}

static bool
fits_kind_ca(const TkeCardStatus *status, bool blank, const char **word, char **reason)
{
    if (status->kind == TKE_CARD_KIND_EP11) {
        return unfit(word, reason, "wrong-kind", _("This is an EP11 card; a CA card is wanted."));
    }
    if (status->kind != TKE_CARD_KIND_CA) {
        return unfit_foreign(status, true, word, reason);
    }
    if (blank && status->life_cycle != TKE_CARD_BLANK) {
        g_autofree char *id = tke_card_id_text(status->zone_id);

        *word = "not-blank";
        *reason =
            g_strdup_printf(_("This is the CA card “%s” of zone %s (%s). A card in use is not "
                              "overwritten here: take a blank one."),
                            status->description, id, status->zone_description);
        return false;
    }
    if (!blank && status->life_cycle != TKE_CARD_MEMBER) {
        return unfit(word, reason, "not-enrolled",
                     _("This CA card has no zone yet: make one on it first (tke zone create)."));
    }
    return blank || !tke_card_status_is_lost(status) || unfit_lost(status, word, reason);
}

static bool
fits_kind_ep11(const TkeCardStatus *status, TkeWantedCard wanted, const char **word, char **reason)
{
    if (status->kind == TKE_CARD_KIND_CA) {
        return unfit(word, reason, "wrong-kind", _("This is a CA card; an EP11 card is wanted."));
    }
    if (status->kind != TKE_CARD_KIND_EP11) {
        return unfit_foreign(status, false, word, reason);
    }
    if (wanted == TKE_WANTED_NEW_EP11 && status->life_cycle >= TKE_CARD_MEMBER) {
        return unfit(
            word, reason, "not-blank",
            _("This EP11 card is enrolled already. A card in use is not overwritten here: take "
              "a blank one. If its enrolment was interrupted, put it in once more."));
    }
    if (wanted != TKE_WANTED_NEW_EP11 && status->life_cycle < TKE_CARD_MEMBER) {
        return unfit(word, reason, "not-enrolled",
                     _("This EP11 card is not enrolled: enroll it first (tke card enroll)."));
    }
    if (wanted == TKE_WANTED_EP11 && status->life_cycle != TKE_CARD_PERSONALISED) {
        return unfit(word, reason, "not-personalised",
                     _("This EP11 card has no PIN: personalize it first (tke card personalize)."));
    }
    if (wanted == TKE_WANTED_ENROLLED && status->life_cycle == TKE_CARD_PERSONALISED) {
        return unfit(word, reason, "not-blank",
                     _("This EP11 card is personalized already: its PIN is changed with “tke card "
                       "change-pin”, its description with “tke card set-description”."));
    }
    return true;
}

static bool
fits_zone(const TkeCardNeed *need, const TkeCardStatus *status, const char **word, char **reason)
{
    g_autofree char *wanted = NULL;
    g_autofree char *found = NULL;
    const char *description = need->zone_description;

    if (need->zone_id == NULL || !status->has_zone ||
        memcmp(need->zone_id, status->zone_id, TKE_ZONE_ID_LEN) == 0) {
        return true;
    }
    wanted = tke_card_id_text(need->zone_id);
    found = tke_card_id_text(status->zone_id);
    *word = "wrong-zone";
    *reason = description != NULL && description[0] != '\0'
                  ? g_strdup_printf(_("This card belongs to zone %s (%s); zone %s (%s) is wanted."),
                                    found, status->zone_description, wanted, description)
                  : g_strdup_printf(_("This card belongs to zone %s (%s); zone %s is wanted."),
                                    found, status->zone_description, wanted);
    return false;
}

static bool
is_of_zone(const TkeCardNeed *need, const TkeCardStatus *status)
{
    return need->zone_id != NULL && status->has_zone &&
           memcmp(need->zone_id, status->zone_id, TKE_ZONE_ID_LEN) == 0;
}

/* The kind of card that was asked for, begun in this zone or in none: it goes on as it is. */
static bool
goes_on(const TkeCardNeed *need, const TkeCardStatus *status)
{
    if (need->wanted == TKE_WANTED_BLANK_CA) {
        return status->kind == TKE_CARD_KIND_CA && !status->has_zone;
    }
    return status->kind == TKE_CARD_KIND_EP11 &&
           (!status->has_zone ||
            (is_of_zone(need, status) && status->life_cycle < TKE_CARD_MEMBER));
}

static bool
unfit_in_use(const TkeCardStatus *status, const char **word, char **reason)
{
    g_autofree char *card = NULL;
    g_autofree char *zone = NULL;

    *word = "not-blank";
    if (status->kind == TKE_CARD_KIND_OTHER_VERSION) {
        *reason = g_strdup(_("This card holds an OpenTKE applet of another version: take a blank "
                             "card. To overwrite this one, take it out and put it in again."));
        return false;
    }
    card = tke_card_session_card_text(status);
    zone = tke_card_id_text(status->zone_id);
    *reason = g_strdup_printf(
        status->kind == TKE_CARD_KIND_CA
            ? _("This is the CA card “%s” of zone %s (%s): take a blank card. To overwrite this "
                "one, take it out and put it in again.")
            : _("This is the EP11 card “%s” of zone %s (%s): take a blank card. To overwrite this "
                "one, take it out and put it in again. If its enrolment was interrupted, it goes "
                "on then."),
        card, zone, status->zone_description);
    return false;
}

/* Will it do once an applet is loaded onto it? (P-5; E-C21) */
static bool
fits_to_load(const TkeCardNeed *need, const TkeCardStatus *status, bool put_in_now,
             const char **word, char **reason)
{
    if (status->kind == TKE_CARD_KIND_FOREIGN) {
        return unfit(word, reason, "wrong-kind",
                     _("This is a foreign card without a card manager: no applet can be loaded "
                       "onto it."));
    }
    if (goes_on(need, status) || tke_card_status_is_blank(status)) {
        return true;
    }
    if (need->wanted == TKE_WANTED_NEW_EP11 && status->kind == TKE_CARD_KIND_CA &&
        is_of_zone(need, status)) {
        return unfit(word, reason, "own-ca",
                     _("This is a CA card of this very zone: it is not made an EP11 card. Take "
                       "another card; to use this one for something else, make a new zone on it "
                       "first (tke zone create)."));
    }
    return put_in_now || need->overwrite || unfit_in_use(status, word, reason);
}

static bool
fits_wanted(const TkeCardNeed *need, const TkeCardStatus *status, bool put_in_now,
            const char **word, char **reason)
{
    if (need->loadable) {
        return fits_to_load(need, status, put_in_now, word, reason);
    }
    if (need->wanted == TKE_WANTED_CA || need->wanted == TKE_WANTED_BLANK_CA) {
        return fits_kind_ca(status, need->wanted == TKE_WANTED_BLANK_CA, word, reason) &&
               fits_zone(need, status, word, reason);
    }
    return (need->wanted == TKE_WANTED_ANY || fits_kind_ep11(status, need->wanted, word, reason)) &&
           fits_zone(need, status, word, reason);
}

static bool
fits(const TkeCardNeed *need, const TkeCardSlot *slot, bool put_in_now, const char **word,
     char **reason)
{
    const TkeCardStatus *status = &slot->status;

    if (is_ours(status) && tke_card_need_excludes(need, status->card_id)) {
        return unfit(
            word, reason, "same-card",
            _("This is the card that is already in use in the other reader, or was before: "
              "insert another one."));
    }
    if (!tke_card_need_is_begun(need, status) && !is_unfinished(need, slot, put_in_now) &&
        !fits_wanted(need, status, put_in_now, word, reason)) {
        return false;
    }
    return need->fits == NULL || need->fits(slot->card, status, need->fits_data, word, reason);
}

/* A word for programs for what keeps a card from being recognised. */
static const char *
trouble_word(const GError *trouble)
{
    switch (tke_card_error_code(trouble)) {
    case TKE_CARD_ERROR_NO_CARD:
    case TKE_CARD_ERROR_REMOVED:
        return "absent";
    case TKE_CARD_ERROR_IN_USE:
        return "in-use";
    default:
        return "unreadable";
    }
}

bool
tke_card_session_is_about_card(const GError *error)
{
    switch (tke_card_error_code(error)) {
    case -1: /* none, or of this program itself */
    case TKE_CARD_ERROR_NO_SERVICE:
    case TKE_CARD_ERROR_NO_ACCESS:
    case TKE_CARD_ERROR_NO_READER:
    case TKE_CARD_ERROR_NO_CARD:
    case TKE_CARD_ERROR_IN_USE:
    case TKE_CARD_ERROR_REMOVED:
    case TKE_CARD_ERROR_RESET:
    case TKE_CARD_ERROR_NO_PIN_PAD:
        return false;
    default:
        return true;
    }
}

/* The card that is wanted lies in the other reader. */
static bool
is_in_other(const TkeCardNeed *need, const TkeCardSlot *other)
{
    g_autofree char *ignored = NULL;
    const char *ignored_word = NULL;

    return other->card != NULL && need->wanted != TKE_WANTED_ANY &&
           !tke_card_need_excludes(need, other->status.card_id) &&
           fits(need, other, false, &ignored_word, &ignored);
}

/* A card of the wrong kind, where the right one is in the other reader: the two were mixed up
 * (F-004). */
static void
say_swapped(const TkeCardNeed *need, const TkeCardSlot *other, const char **word, char **reason)
{
    static const char *const words[] = { "wrong-kind", "not-blank", "own-ca", NULL };
    char *both = NULL;

    if (*reason == NULL || !g_strv_contains(words, *word) || !is_in_other(need, other)) {
        return;
    }
    both =
        g_strdup_printf(need->wanted == TKE_WANTED_CA
                            ? _("%s The CA card is in reader %u: swap the two cards.")
                            : _("%s The card that is wanted is in reader %u: swap the two cards."),
                        *reason, 3 - need->reader);
    g_free(*reason);
    *reason = both;
    *word = "wrong-reader";
}

/* Does the card in the wanted reader do? If not, why; reason stays NULL while there is nothing to
 * say. */
bool
tke_card_session_judge(TkeCardSession *session, const TkeCardNeed *wanted, bool put_in_now,
                       const char **word, char **reason)
{
    TkeCardSlot *slot = tke_card_session_slot(session, wanted->reader);
    TkeCardSlot *other = tke_card_session_slot(session, 3 - wanted->reader);
    TkeCardNeed full = *wanted;
    const TkeCardNeed *need = &full;

    if (full.zone_id != NULL && full.zone_description == NULL) {
        full.zone_description = tke_card_session_zone_description(session, full.zone_id);
    }
    if (slot->card != NULL) {
        if (need->put_in_now != NULL) {
            *need->put_in_now = put_in_now;
        }
        if (fits(need, slot, put_in_now, word, reason)) {
            return true;
        }
        say_swapped(need, other, word, reason);
        return false;
    }
    if (need->odd_too && slot->present && tke_card_session_is_about_card(slot->trouble)) {
        return true;
    }
    if (slot->present && slot->trouble != NULL) {
        *word = trouble_word(slot->trouble);
        *reason = g_strdup(slot->trouble->message);
        return false;
    }
    if (is_in_other(need, other)) {
        *word = "wrong-reader";
        *reason = g_strdup_printf(_("A card that fits is in reader %u: put it into reader %u."),
                                  3 - need->reader, need->reader);
    }
    return false;
}

bool
tke_card_session_check_reader(TkeOperation *op, unsigned number, const TkeReaders *readers,
                              GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeReaderInfo *info = tke_readers_get(readers, number, error);
    g_autoptr(GError) refused = NULL;
    TkePinPad pad;

    if (info == NULL) {
        return false;
    }
    if (!info->is_virtual || tke_world_is_rehearsal(tke_operation_get_world(op)) ||
        tke_pin_pad_describe_reader(session->source, info->name, &pad, &refused) ||
        tke_card_error_code(refused) != TKE_CARD_ERROR_NO_READER) {
        return true;
    }
    g_prefix_error(&refused, _("reader %u: "), number);
    g_propagate_error(error, g_steal_pointer(&refused));
    return false;
}
