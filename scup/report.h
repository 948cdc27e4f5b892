/*
 * What is known of the cards in the readers, as text to read, copy, print and keep (functions 2.11 and 2.12).
 * Translated; freed by the caller.
 */
#pragma once

#include "scup/cards.h"

typedef char *(*ScupReportFunc)(ScupCards *cards);

char *scup_report_information(ScupCards *cards);
char *scup_report_key_identifiers(ScupCards *cards);
