/*
 * A program outside the tree that uses the installed libraries: it begins as programs do, keeps a
 * secret, and meets faults of every layer. Compiled and run by tools/check-install.
 */
#include <stdio.h>
#include <string.h>

#include "common/process.h"
#include "common/secret.h"
#include "libceremony/advice.h"
#include "libceremony/journal.h"
#include "libceremony/world.h"
#include "libep11admin/unit-error.h"
#include "libsmartcard/card-error.h"

static bool
has_advice(GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);

    g_error_free(error);
    return advice != NULL;
}

int
main(int argc, char **argv)
{
    const TkeWorldParams params = { .region = "us-south" };
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) secret = NULL;
    g_autoptr(TkeWorld) world = NULL;
    g_autoptr(TkeJournal) journal = NULL;

    if (argc != 2 || !tke_process_init(TKE_PROCESS_DEFAULT, &error)) {
        fprintf(stderr, "start: %s\n", error != NULL ? error->message : "a directory is wanted");
        return 1;
    }
    secret = tke_secret_new(32, &error);
    world = secret != NULL ? tke_world_new(&params, &error) : NULL;
    journal = world != NULL ? tke_journal_load(argv[1], &error) : NULL;
    if (journal == NULL || tke_journal_get_unfinished(journal)->len != 0) {
        fprintf(stderr, "use: %s\n", error != NULL ? error->message : "unfinished steps");
        return 1;
    }
    if (tke_world_get_units(world, &error) != NULL || error == NULL) {
        fprintf(stderr, "a service without an instance\n");
        return 1;
    }
    if (!has_advice(g_error_new(TKE_UNIT_ERROR, TKE_UNIT_ERROR_UNAUTHORIZED, "unit")) ||
        !has_advice(g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_CARD, "card"))) {
        fprintf(stderr, "no advice\n");
        return 1;
    }
    printf("the libraries serve\n");
    return 0;
}
