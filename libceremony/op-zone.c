/*
 * Create a zone, back up its CA card (functions 2.3 and 2.4).
 */
#include "libceremony/op-zone.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/card-session-private.h"
#include "libceremony/op-card-load.h"
#include "libceremony/op-card.h"
#include "libceremony/record.h"
#include "libsmartcard/ca-card-init.h"

static const char *const create_steps[] = { N_("Blank card for the CA card"),
                                            N_("First PIN of the CA card"),
                                            N_("Second PIN of the CA card"),
                                            N_("The card makes the zone"), NULL };
static const char *const asking_steps[] = {
    N_("Blank card for the CA card"), N_("First PIN of the CA card"),
    N_("Second PIN of the CA card"),  N_("Descriptions"),
    N_("The card makes the zone"),    NULL
};
static const char *const backup_steps[] = { N_("CA card to be backed up"),
                                            N_("Card for the backup"),
                                            N_("First PIN of the backup"),
                                            N_("Second PIN of the backup"),
                                            N_("The zone goes from card to card"),
                                            N_("Description of the backup"),
                                            NULL };
/* Who was asked for a PIN that is set already, and did not type it, may not know it: the next try
 * does not take for granted that the card goes on (op-card-begun). */
static bool
need_old_pin(TkeOperation *op, unsigned reader, uint8_t reference, GError **error)
{
    g_autoptr(GError) local = NULL;
    int code;

    if (tke_card_session_need_pin(op, reader, reference, false, &local)) {
        return true;
    }
    code = tke_card_error_code(local);
    if (code == TKE_CARD_ERROR_PIN_CANCELLED || code == TKE_CARD_ERROR_PIN_TIMEOUT ||
        g_error_matches(local, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        tke_card_session_end(tke_operation_get_card_session(op));
    }
    g_propagate_error(error, g_steal_pointer(&local));
    return false;
}

/* A PIN of a card that may have been left unfinished: set, or entered if it is set already. */
static bool
need_new_pin(TkeOperation *op, unsigned reader, uint8_t reference, GError **error)
{
    const TkeCardStatus *status = NULL;
    const TkePinStatus *pin = NULL;

    if (tke_card_session_get(tke_operation_get_card_session(op), reader, &status) == NULL) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED,
                    _("reader %u: the card was taken out"), reader);
        return false;
    }
    pin = tke_card_status_get_pin(status, reference);
    return pin != NULL && pin->state == TKE_PIN_NOT_SET
               ? tke_card_session_set_pin(op, reader, reference, error)
               : need_old_pin(op, reader, reference, error);
}

/*
 * Both PINs of the new card, in this step and the next. Where only the first could be set, or none
 * after the applet was loaded (a card in use was erased for it), the error says so (P-8).
 */
static bool
need_new_pins(TkeOperation *op, unsigned reader, unsigned step, bool loaded, GError **error)
{
    tke_operation_reach(op, step);
    if (!need_new_pin(op, reader, TKE_PIN_FIRST, error)) {
        if (loaded && error != NULL && !tke_card_error_is_outcome_unknown(*error)) {
            g_prefix_error(error, _("the card has its applet now and holds nothing; start again "
                                    "with it: "));
        }
        return false;
    }
    tke_operation_reach(op, step + 1);
    if (!need_new_pin(op, reader, TKE_PIN_SECOND, error)) {
        if (error != NULL && tke_card_error_code(*error) == TKE_CARD_ERROR_PIN_BLOCKED) {
            return false; /* the card does not go on: it starts anew */
        }
        g_prefix_error(error,
                       _("the card has its first PIN now; start again with the same card, it "
                         "goes on there: "));
        return false;
    }
    return true;
}

/* The operator may stop between the PINs and what needs them. */
static bool
say_pins_are_set(bool good, GError **error)
{
    if (!good) {
        g_prefix_error(error, _("the card has its two PINs now; start again with the same card, it "
                                "goes on there: "));
    }
    return good;
}

/* What zone and card are called: as was said beforehand, or asked for now; then the card may be
 * gone. */
static bool
take_texts(TkeOperation *op, const TkeZoneCreateParams *params, const TkeCardStatus **status,
           TkeCardTexts *texts, GError **error)
{
    if (params->ask == NULL) {
        g_strlcpy(texts->zone, params->zone_description, sizeof texts->zone);
        g_strlcpy(texts->card, params->card_description, sizeof texts->card);
        return tke_operation_check(op, error);
    }
    if (!tke_op_card_ask_texts(
            op, _("What are the zone and its CA card called?"),
            _("The card has its two PINs. The descriptions tell zones and cards "
              "apart; they have no other meaning. Then the card makes the zone."),
            _("Zone description"), _("CA card description"), params->ask, error) ||
        !tke_card_session_query_status(op, 1, status, error)) {
        return false;
    }
    *texts = *params->ask;
    return true;
}

/*
 * The zone that was asked for, and not one that was given up. Where nobody has been asked yet, the
 * card on which the step was begun has done what it was begun for.
 */
static bool
is_asked_for(const TkeCardStatus *status, const TkeZoneCreateParams *params)
{
    const TkeCardTexts *ask = params->ask;

    if (ask != NULL) {
        bool answered =
            (!ask->zone_said && ask->zone[0] != '\0') || (!ask->card_said && ask->card[0] != '\0');

        return ((!answered && !ask->zone_said) ||
                strcmp(status->zone_description, ask->zone) == 0) &&
               ((!answered && !ask->card_said) || strcmp(status->description, ask->card) == 0);
    }
    return strcmp(status->zone_description, params->zone_description) == 0 &&
           strcmp(status->description, params->card_description) == 0;
}

/* Both PINs are set or entered: the rest. */
static bool
make_zone(TkeOperation *op, const TkeZoneCreateParams *params, TkeCard *card,
          const TkeCardStatus **status, GError **error)
{
    TkeZoneCertificate zone;
    TkeCardTexts texts = { 0 };

    tke_operation_reach(op, 3);
    if (!say_pins_are_set(take_texts(op, params, status, &texts, error), error)) {
        return false;
    }
    tke_operation_reach(op, params->ask != NULL ? 4 : 3);
    return tke_ca_card_create_zone(card, texts.zone, texts.card, &zone, error) &&
           tke_card_session_query_status(op, 1, status, error);
}

static bool
create_zone(TkeOperation *op, const TkeZoneCreateParams *params, const TkeCardStatus **status,
            GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardNeed need = { .reader = 1,
                               .wanted = TKE_WANTED_BLANK_CA,
                               .purpose = "zone",
                               .begun_id = tke_card_session_get_begun(session, "zone") };
    TkeCard *card;
    bool loaded = false;

    tke_operation_set_steps(op, params->ask != NULL ? asking_steps : create_steps);
    tke_operation_reach(op, 0);
    if (!tke_card_session_need_keypad(op, 1, error)) {
        return false;
    }
    card = tke_op_card_load_need(op, &need, status, &loaded, error);
    if (card == NULL) {
        return false;
    }
    if ((*status)->life_cycle == TKE_CARD_MEMBER && !is_asked_for(*status, params)) {
        tke_card_session_end(session); /* a card like any other that is in use */
        return create_zone(op, params, status, error);
    }
    tke_card_session_begin(session, "zone", *status);
    if ((*status)->life_cycle == TKE_CARD_MEMBER) {
        tke_operation_note(op, _("The card has its zone already: nothing is missing."));
        return true;
    }
    return need_new_pins(op, 1, 1, loaded, error) && make_zone(op, params, card, status, error);
}

/* What was said beforehand is found wrong before a card is touched. */
static bool
check_said(const TkeZoneCreateParams *params, GError **error)
{
    const TkeCardTexts *ask = params->ask;

    if (ask == NULL) {
        return tke_op_card_check_description(params->zone_description, error) &&
               tke_op_card_check_description(params->card_description, error);
    }
    return (!ask->zone_said || tke_op_card_check_description(ask->zone, error)) &&
           (!ask->card_said || tke_op_card_check_description(ask->card, error));
}

bool
tke_op_zone_create(TkeOperation *op, const TkeZoneCreateParams *params, TkeZoneResult *result,
                   GError **error)
{
    const TkeCardStatus *status = NULL;
    JsonObject *values;

    if (!check_said(params, error) || !tke_record_check(op, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op,
                           _("Would make a zone and its CA card on the blank card in reader 1."));
        return create_zone(op, params, &status, error) || tke_op_card_end_dry_run(op, error);
    }
    if (!create_zone(op, params, &status, error)) {
        return tke_op_card_fail(
            op, "opentke-zone.create", 1,
            _("start again with the same card: the program reads from it how far it has come, and "
              "goes on there; if it has its zone (tke card info), all is done"),
            error);
    }
    tke_card_session_end(tke_operation_get_card_session(op));
    values = json_object_new();
    tke_record_card(values, "card", status);
    json_object_set_string_member(values, "zone_description", status->zone_description);
    if (result != NULL) {
        result->card = *status;
    }
    return tke_record_done(op, "opentke-zone.create", values, error);
}

/* How far a backup has come, for the activity log; status of cards that are known. */
typedef struct Backup {
    TkeCardStatus source;
    TkeCardStatus target;
    bool handed_on; /* the target has the zone */
    bool unknown;   /* it may have it */
} Backup;

/* What is wanted in reader 2; NULL: not known yet. */
static TkeCardNeed
need_target(TkeOperation *op, const uint8_t *zone_id, const uint8_t *other_than)
{
    TkeCardSession *session = tke_operation_get_card_session(op);

    return (TkeCardNeed){ .reader = 2,
                          .wanted = TKE_WANTED_BLANK_CA,
                          .purpose = "backup-target",
                          .zone_id = zone_id,
                          .other_than = other_than,
                          .unfinished_too = true,
                          .loadable = true,
                          .overwrite = tke_operation_may_overwrite(op),
                          .begun_id = tke_card_session_get_begun(session, "backup-target") };
}

static bool
need_source(TkeOperation *op, const TkeCardStatus **source, GError **error)
{
    const TkeCardNeed need = { .reader = 1, .wanted = TKE_WANTED_CA, .purpose = "source" };
    const TkeCardNeed target = need_target(op, NULL, NULL);

    if (tke_card_session_need(op, &need, source, error) == NULL) {
        tke_card_session_look_also(op, &target);
        return false;
    }
    return true;
}

/* Source in reader 1 with fresh PINs, then the target in reader 2 with two PINs of its own. */
static bool
backup_cards(TkeOperation *op, Backup *backup, const TkeCardStatus **source,
             const TkeCardStatus **target, GError **error)
{
    uint8_t card_id[TKE_CARD_ID_LEN];
    uint8_t zone_id[TKE_ZONE_ID_LEN];
    TkeCardNeed need;
    TkeCardSession *session = tke_operation_get_card_session(op);
    bool loaded = false;

    tke_operation_set_steps(op, backup_steps);
    tke_operation_reach(op, 0);
    if (!tke_card_session_need_keypad(op, 2, error) || !need_source(op, source, error)) {
        return false;
    }
    backup->source = **source;
    if (!tke_card_session_need_ca_pins(op, 1, true, error)) {
        return false;
    }
    memcpy(card_id, (*source)->card_id, sizeof card_id);
    memcpy(zone_id, (*source)->zone_id, sizeof zone_id);
    tke_operation_reach(op, 1);
    need = need_target(op, zone_id, card_id);
    if (tke_op_card_load_need(op, &need, target, &loaded, error) == NULL) {
        return false;
    }
    backup->target = **target;
    tke_card_session_begin(session, "backup-target", *target);
    return tke_card_session_still(op, 1, card_id, source, error) != NULL &&
           need_new_pins(op, 2, 2, loaded, error);
}

/* The zone itself, unless only the description of the backup was missing. */
static bool
give_zone(TkeOperation *op, TkeCard *from, TkeCard *to, const TkeCardStatus *target, Backup *backup,
          GError **error)
{
    TkeZoneCertificate zone = { .role = 0 };

    if (target->life_cycle == TKE_CARD_MEMBER) {
        tke_operation_note(op,
                           _("The card in reader 2 holds the zone already; only its description "
                             "was missing."));
        backup->handed_on = true;
        return true;
    }
    backup->handed_on = tke_ca_card_backup(from, &backup->source, to, target, &zone, error);
    backup->unknown =
        !backup->handed_on && tke_op_card_may_be_done(error) &&
        memcmp(zone.zone_id, backup->source.zone_id, TKE_ZONE_ID_LEN) == 0; /* it was given */
    return backup->handed_on;
}

char *
tke_op_zone_propose_backup(const char *description)
{
    const char *translated = _("backup");
    const char *word = tke_card_text_is_description(translated) ? translated : "backup";
    size_t room = TKE_CARD_TEXT_MAX - MIN(strlen(word) + 1, TKE_CARD_TEXT_MAX);
    g_autofree char *begin = g_strndup(description, room);

    g_strchomp(begin);
    return begin[0] != '\0' ? g_strdup_printf("%s %s", begin, word) : g_strdup(word);
}

/* What the backup is called. It has the zone already, and is one without it too. */
static bool
describe_backup(TkeOperation *op, const TkeZoneBackupParams *params, const TkeCardStatus *source,
                TkeCard *to, GError **error)
{
    const char *description =
        params->card_description != NULL ? params->card_description : source->description;

    if (params->ask != NULL && params->ask->card[0] == '\0') {
        g_autofree char *proposal = tke_op_zone_propose_backup(source->description);

        g_strlcpy(params->ask->card, proposal, sizeof params->ask->card);
    }
    if (params->ask != NULL) {
        if (!tke_op_card_ask_texts(
                op, _("What is the backup called?"),
                _("The backup has the zone. Its description tells the two CA cards "
                  "apart; it has no other meaning."),
                NULL, _("Description of the backup"), params->ask, error)) {
            return false;
        }
        description = params->ask->card;
    }
    return tke_card_set_description(to, description, error);
}

static bool
backup_zone(TkeOperation *op, const TkeZoneBackupParams *params, const TkeCardStatus **source,
            const TkeCardStatus **target, Backup *backup, GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    TkeCard *from;
    TkeCard *to;

    if (!backup_cards(op, backup, source, target, error)) {
        return false;
    }
    from = tke_card_session_still(op, 1, backup->source.card_id, source, error);
    to = tke_card_session_get(session, 2, target);
    if (from == NULL) {
        return say_pins_are_set(false, error);
    }
    tke_operation_reach(op, 4);
    if (!say_pins_are_set(tke_operation_check(op, error), error) ||
        !give_zone(op, from, to, *target, backup, error)) {
        return false;
    }
    tke_operation_reach(op, 5);
    if (!describe_backup(op, params, *source, to, error)) {
        g_prefix_error(error,
                       _("the backup has the zone, but no description yet; start again with the "
                         "same two cards: "));
        return false;
    }
    return tke_card_session_query_status(op, 2, target, error);
}

/* A backup that somebody stopped at its description, or that was pulled then, is one, and is
 * recorded. */
static bool
fail_backup(TkeOperation *op, const Backup *backup, GError **error)
{
    JsonObject *values = json_object_new();

    if (backup->source.kind == TKE_CARD_KIND_CA) {
        tke_record_card(values, "source", &backup->source);
    }
    if (backup->target.kind == TKE_CARD_KIND_CA) {
        tke_record_card(values, "card", &backup->target);
    }
    if (backup->unknown) {
        json_object_set_string_member(values, "result", "unknown");
    }
    json_object_set_boolean_member(values, "has_zone", backup->handed_on);
    return tke_op_card_fail_known(
        op, "opentke-zone.backup", 2,
        _("the CA card is as before; start again with the same two cards: "
          "the program reads from the other one how far it has come, and "
          "goes on there; if zone and description are there (tke card "
          "info), all is done"),
        values, backup->handed_on || backup->unknown, error);
}

bool
tke_op_zone_backup(TkeOperation *op, const TkeZoneBackupParams *params, TkeZoneResult *result,
                   GError **error)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardStatus *source = NULL;
    const TkeCardStatus *target = NULL;
    TkeCardStatus made = { 0 };
    Backup backup = { .source = { .kind = TKE_CARD_KIND_EMPTY },
                      .target = { .kind = TKE_CARD_KIND_EMPTY } };
    bool done = false;
    JsonObject *values;

    if ((params->card_description != NULL &&
         !tke_op_card_check_description(params->card_description, error)) ||
        !tke_record_check(op, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        tke_operation_note(op,
                           _("Would copy the zone of the CA card in reader 1 to the blank card in "
                             "reader 2."));
        return backup_cards(op, &backup, &source, &target, error) ||
               tke_op_card_end_dry_run(op, error);
    }
    done = backup_zone(op, params, &source, &target, &backup, error);
    if (target != NULL) {
        made = *target;
        target = &made;
        /* its PINs were for this step only; reader 1 holds the open CA card (P-4) */
        tke_card_session_lock_told(op, 2);
    }
    if (!done) {
        return fail_backup(op, &backup, error);
    }
    tke_card_session_end(session);
    values = json_object_new();
    tke_record_card(values, "card", target);
    if (result != NULL) {
        result->card = *target;
        result->source = *source;
    }
    tke_record_card_after(op, values, "source", 1, &backup.source);
    return tke_record_done(op, "opentke-zone.backup", values, error);
}
