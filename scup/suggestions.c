/*
 * "What can I do?"
 */
#include "scup/suggestions.h"

#include <glib/gi18n.h>

static const ScupSuggestion nothing[] = { { NULL, NULL } };
static const ScupSuggestion blank_ca[] = {
    { N_("Make it the CA card of a new _zone"), "app.ca-init" },
    { NULL, NULL },
};
static const ScupSuggestion blank_backup[] = {
    { N_("Make it a back_up of the CA card"), "app.ca-backup" },
    { NULL, NULL },
};
static const ScupSuggestion ca[] = {
    { N_("E_nroll an EP11 card"), "app.ep11-enroll" },
    { N_("Make a _backup of this card"), "app.ca-backup" },
    { NULL, NULL },
};
static const ScupSuggestion blank_ep11[] = {
    { N_("Enr_oll it in the zone"), "app.ep11-enroll" },
    { NULL, NULL },
};
static const ScupSuggestion blank_ep11_alone[] = {
    /* the step asks for the CA card of the zone */
    { N_("Enr_oll it with a CA card"), "app.ep11-enroll" },
    { NULL, NULL },
};
static const ScupSuggestion without_applet[] = {
    { N_("Enr_oll it in the zone"), "app.ep11-enroll" },
    { N_("Make it a back_up of the CA card"), "app.ca-backup" },
    { NULL, NULL },
};
static const ScupSuggestion enrolled[] = {
    { N_("_Give it its PIN"), "app.ep11-personalize" },
    { NULL, NULL },
};
static const ScupSuggestion blocked[] = {
    { N_("_Unblock it with a CA card"), "app.ep11-unblock" },
    { NULL, NULL },
};
static const ScupSuggestion ep11_to_view[] = {
    { N_("_Show its key identifiers"), "app.key-ids" },
    { NULL, NULL },
};
static const ScupSuggestion ep11[] = {
    { N_("_Show its key identifiers"), "app.key-ids" },
    { N_("_Manage its contents"), "app.ep11-contents" },
    { NULL, NULL },
};

/* Both panes may show it: each has a key of its own. */
static const ScupSuggestion alike[][2] = {
    { { N_("_Identify the readers"), "app.readers-identify" }, { NULL, NULL } },
    { { N_("Identif_y the readers"), "app.readers-identify" }, { NULL, NULL } },
};

const ScupSuggestion *
scup_suggestions_for_alike(unsigned reader)
{
    return alike[reader == 2 ? 1 : 0];
}

const ScupSuggestion *
scup_suggestions_get(const TkeCardStatus *status, unsigned reader, bool zone_there)
{
    if (status == NULL) {
        return nothing;
    }
    if (status->kind == TKE_CARD_KIND_EMPTY) { /* each step installs the applet that it needs */
        return reader == 1 ? blank_ca : zone_there ? without_applet : blank_ep11_alone;
    }
    if (status->kind == TKE_CARD_KIND_CA) {
        if (status->life_cycle == TKE_CARD_MEMBER && tke_card_status_is_lost(status)) {
            return nothing; /* it can do nothing for its zone any more */
        }
        return status->life_cycle == TKE_CARD_MEMBER ? (reader == 1 ? ca : nothing)
               : reader == 1                         ? blank_ca
               : zone_there                          ? blank_backup
                                                     : nothing;
    }
    if (status->kind != TKE_CARD_KIND_EP11 || reader != 2) {
        return nothing;
    }
    if (status->life_cycle < TKE_CARD_MEMBER) {
        return zone_there ? blank_ep11 : blank_ep11_alone;
    }
    if (status->life_cycle == TKE_CARD_MEMBER) {
        return enrolled;
    }
    return status->pins[0].state == TKE_PIN_BLOCKED ? blocked : ep11;
}

const ScupSuggestion *
scup_suggestions_get_to_view(const TkeCardStatus *status, unsigned reader)
{
    return scup_suggestions_get(status, reader, false) == ep11 ? ep11_to_view : nothing;
}
