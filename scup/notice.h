/*
 * What has to be known of the card in a reader before anything is done with it: it is not genuine,
 * it is lost, it lies in the other reader than its steps want (F-004, F-036, E-C10). A plain
 * function, for tests too.
 */
#pragma once

#include <stdbool.h>

#include "libceremony/op-card.h"

/*
 * One or two sentences, translated; the caller frees; NULL: there is nothing to say. zone_there:
 * the CA card of a zone is in reader 1. bad: the card is not to be used.
 */
char *scup_notice_get(const TkeCardInfo *info, unsigned reader, bool zone_there, bool *bad);
