/*
 * Errors between a program and a card, with what the advice to the operator needs
 * (functions reference, 2.2).
 */
#include "libsmartcard/card-error.h"

typedef struct TkeCardErrorPrivate {
    uint16_t sw;
    int tries_left;
    uint8_t pin_reference;
    bool ca_card;
    bool outcome_unknown;
    unsigned reader_number;
    char *reader_name;
    char *remedy;
    char *details;
} TkeCardErrorPrivate;

static void
tke_card_error_private_init(TkeCardErrorPrivate *priv)
{
    priv->tries_left = -1;
}

static void
tke_card_error_private_copy(const TkeCardErrorPrivate *src, TkeCardErrorPrivate *dest)
{
    *dest = *src;
    dest->reader_name = g_strdup(src->reader_name);
    dest->remedy = g_strdup(src->remedy);
    dest->details = g_strdup(src->details);
}

static void
tke_card_error_private_clear(TkeCardErrorPrivate *priv)
{
    g_free(priv->reader_name);
    g_free(priv->remedy);
    g_free(priv->details);
}

G_DEFINE_EXTENDED_ERROR(TkeCardError, tke_card_error)

bool
tke_card_error_get_info(const GError *error, TkeCardErrorInfo *info)
{
    const TkeCardErrorPrivate *priv = NULL;

    if (error == NULL || error->domain != TKE_CARD_ERROR) {
        return false;
    }
    priv = tke_card_error_get_private(error);
    *info = (TkeCardErrorInfo){
        .sw = priv->sw,
        .tries_left = priv->tries_left,
        .pin_reference = priv->pin_reference,
        .ca_card = priv->ca_card,
        .reader_number = priv->reader_number,
        .reader_name = priv->reader_name,
        .remedy = priv->remedy,
        .details = priv->details,
    };
    return true;
}

int
tke_card_error_code(const GError *error)
{
    return error != NULL && error->domain == TKE_CARD_ERROR ? error->code : -1;
}

void
tke_card_error_set_sw(GError *error, uint16_t sw)
{
    if (error != NULL && error->domain == TKE_CARD_ERROR) {
        tke_card_error_get_private(error)->sw = sw;
    }
}

void
tke_card_error_set_pin(GError *error, uint8_t pin_reference, int tries_left)
{
    if (error != NULL && error->domain == TKE_CARD_ERROR) {
        tke_card_error_get_private(error)->pin_reference = pin_reference;
        tke_card_error_get_private(error)->tries_left = tries_left;
    }
}

void
tke_card_error_set_ca_card(GError *error)
{
    if (error != NULL && error->domain == TKE_CARD_ERROR) {
        tke_card_error_get_private(error)->ca_card = true;
    }
}

void
tke_card_error_set_reader(GError *error, unsigned reader_number, const char *reader_name)
{
    TkeCardErrorPrivate *priv = NULL;

    if (error == NULL || error->domain != TKE_CARD_ERROR) {
        return;
    }
    priv = tke_card_error_get_private(error);
    priv->reader_number = reader_number;
    g_free(priv->reader_name);
    priv->reader_name = g_strdup(reader_name);
}

void
tke_card_error_set_remedy(GError *error, const char *remedy)
{
    TkeCardErrorPrivate *priv = NULL;

    if (error == NULL || error->domain != TKE_CARD_ERROR) {
        return;
    }
    priv = tke_card_error_get_private(error);
    g_free(priv->remedy);
    priv->remedy = g_strdup(remedy);
}

void
tke_card_error_set_details(GError *error, const char *details)
{
    TkeCardErrorPrivate *priv = NULL;

    if (error == NULL || error->domain != TKE_CARD_ERROR) {
        return;
    }
    priv = tke_card_error_get_private(error);
    g_free(priv->details);
    priv->details = g_strdup(details);
}

void
tke_card_error_set_outcome_unknown(GError *error)
{
    if (error != NULL && error->domain == TKE_CARD_ERROR) {
        tke_card_error_get_private(error)->outcome_unknown = true;
    }
}

bool
tke_card_error_is_outcome_unknown(const GError *error)
{
    const int code = tke_card_error_code(error);

    if (code != -1 && tke_card_error_get_private(error)->outcome_unknown) {
        return true;
    }
    switch (code) {
    case TKE_CARD_ERROR_REMOVED:
    case TKE_CARD_ERROR_RESET:
    case TKE_CARD_ERROR_SILENT:
    case TKE_CARD_ERROR_COMMUNICATION:
        return true;
    default:
        return false;
    }
}
