/*
 * A card manager that plays a transcript of plain commands, with its secure channel open.
 */
#pragma once

#include "libsmartcard/gp-scp-private.h"
#include "tests/support/gp-peer.h"
#include "tests/support/test-bytes.h"
#include "tests/support/transcript-card-source.h"

typedef struct Manager {
    TranscriptCard *transcript;
    TkeCard *card;
    TkeGpScp *scp;
} Manager;

static inline void
manager_init(Manager *manager)
{
    g_autoptr(TkeGpKeySet) keys = tke_gp_key_set_new_default(NULL);
    g_autoptr(GError) error = NULL;

    tke_gp_scp_forget_refusals();
    manager->transcript = transcript_card_new(true);
    manager->card =
        tke_card_new(gp_peer_new(transcript_card_connect(manager->transcript)), 2, "Reader 2");
    transcript_card_expect(manager->transcript, "80CA9F7F00", "6A88");
    manager->scp = tke_gp_scp_open(manager->card, keys, NULL, &error);
    ck_assert_msg(manager->scp != NULL, "%s", error != NULL ? error->message : "");
}

static inline void
manager_clear(Manager *manager)
{
    tke_gp_scp_free(manager->scp);
    tke_card_free(manager->card);
    transcript_card_free(manager->transcript);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Manager, manager_clear)

/* The next command under the channel, as plain hex, and its whole answer. */
static inline void
manager_expect(Manager *manager, const char *command, const char *answer)
{
    transcript_card_expect(manager->transcript, command, answer);
}

/* Everything was sent as written, and nothing is left. */
static inline void
manager_check(Manager *manager)
{
    const char *problem = transcript_card_get_problem(manager->transcript);

    ck_assert_msg(problem == NULL, "%s", problem != NULL ? problem : "");
}
