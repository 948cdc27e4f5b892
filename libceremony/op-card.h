/*
 * What operations on cards have in common, and what is done to one card: show, describe.
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/card-uses.h"
#include "libceremony/operation.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/ep11-card-keys.h"

/* 0 to 30 printable ASCII characters; otherwise TKE_ERROR_USAGE. NULL is an error too. */
TKE_PUBLIC bool tke_op_card_check_description(const char *text, GError **error);

/* The same for the name of an administrator. */
TKE_PUBLIC bool tke_op_card_check_name(const char *text, GError **error);

/*
 * Descriptions that a step asks for itself, at their place among its other steps (functions 2.3,
 * 2.4, 2.7). What is there is proposed; then what was answered is.
 */
typedef struct TkeCardTexts {
    char zone[TKE_CARD_TEXT_MAX + 1];
    char card[TKE_CARD_TEXT_MAX + 1];
    bool zone_said; /* beforehand: it is not asked for */
    bool card_said;
} TkeCardTexts;

/*
 * Asks for the description of the card, and of its zone where zone_label is not NULL, but for what
 * was said beforehand. The answers are descriptions, or it fails.
 */
bool tke_op_card_ask_texts(TkeOperation *op, const char *title, const char *why,
                           const char *zone_label, const char *card_label, TkeCardTexts *texts,
                           GError **error);

/* Asks for one text, likewise. */
bool tke_op_card_ask_text(TkeOperation *op, const char *title, const char *why,
                          const TkeTextField *field, char out[static TKE_CARD_TEXT_MAX + 1],
                          GError **error);
/*
 * The end of a dry run, with the error that ended it: true where it came as far as it can, without
 * one. Nothing is recorded.
 */
bool tke_op_card_end_dry_run(TkeOperation *op, GError **error);

/* A command that failed so may have been done all the same: the card has not refused it. */
bool tke_op_card_may_be_done(GError *const *error);

/*
 * Ends an operation that failed: settles the card session, says in the error what state the card
 * in the reader is in (next: what to do, translated; may be NULL) and records the failure. Returns
 * false.
 */
TKE_PUBLIC bool tke_op_card_fail(TkeOperation *op, const char *action, unsigned reader,
                                 const char *next, GError **error);

/*
 * The same where a part of the step was done: done (taken; NULL: nothing was) goes into the
 * activity log, also when the operator stopped it.
 */
TKE_PUBLIC bool tke_op_card_fail_partly(TkeOperation *op, const char *action, unsigned reader,
                                        const char *next, JsonObject *done, GError **error);

/*
 * The same with what is known of the step anyway (taken; NULL: nothing), whether or not it has
 * changed anything (changed: the card in the reader). If nothing was changed and the operator
 * stopped it there is no entry.
 */
TKE_PUBLIC bool tke_op_card_fail_known(TkeOperation *op, const char *action, unsigned reader,
                                       const char *next, JsonObject *known, bool changed,
                                       GError **error);

typedef enum {
    TKE_GENUINE_NOT_CHECKED,
    TKE_GENUINE_YES,
    TKE_GENUINE_NO,
} TkeGenuine;

/* What is in one reader. */
typedef struct TkeCardInfo {
    unsigned reader;
    char *reader_name; /* NULL: there is no such reader */
    char *reader_model;
    bool reader_virtual;
    bool pad_asked;      /* whether it can take PINs is known: */
    GError *pad_trouble; /* why it cannot, or cannot be asked; NULL: it can */
    bool present;
    GError *trouble; /* why the card cannot be read; NULL if it can */
    uint8_t atr[TKE_CARD_ATR_MAX];
    size_t atr_len; /* of a card that can be read */
    TkeCardStatus status;
    TkeKeyPartList parts; /* EP11 */
    TkeGenuine genuine;   /* as the last check of this card has found; until it is taken out */
    GError *not_genuine;  /* which check failed */
    TkeCardUses uses;     /* EP11, known where it has just proved unasked that it is genuine */
} TkeCardInfo;

TKE_PUBLIC void tke_card_info_free(TkeCardInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCardInfo, tke_card_info_free)

typedef struct TkeCardInfoParams {
    unsigned reader; /* 1, 2, or 0 for both */
    bool check;      /* let the card prove that it is genuine; asks for the PINs of a CA card */
    bool prove;      /* the same where it takes no PIN and was not done since the card was put in */
    bool pads;       /* ask readers whether they can take PINs */
    /* readers that cannot be told apart are left out, instead of asking which is which */
    bool quiet;
} TkeCardInfoParams;

/* Nobody is asked for a card that is to be looked at; infos: TkeCardInfo, to be freed. */
TKE_PUBLIC bool tke_op_card_info(TkeOperation *op, const TkeCardInfoParams *params,
                                 GPtrArray **infos, GError **error);

/*
 * Proves the card in a reader, or the cards in both (0) (F-036): infos as above, all checked of
 * which anything can be.
 * Fails with what is wrong with the first one that is not genuine, and with TKE_CARD_ERROR_NO_CARD
 * where there is nothing to check.
 */
TKE_PUBLIC bool tke_op_card_check(TkeOperation *op, unsigned reader, GPtrArray **infos,
                                  GError **error);

/*
 * The personalised EP11 card in reader 2, asked for if need be, with its PIN: what it holds, so
 * that one of its objects can be named in a step that follows. purpose: for programs. info: to be
 * freed.
 */
TKE_PUBLIC bool tke_op_card_open(TkeOperation *op, const char *purpose, TkeCardInfo **info,
                                 GError **error);

/* The card is the one that was opened: otherwise TKE_CARD_ERROR_REMOVED. card_id NULL: any. */
TKE_PUBLIC bool tke_op_card_check_same(const TkeCardStatus *status, const uint8_t *card_id,
                                       GError **error);

typedef struct TkeCardDescribeParams {
    const uint8_t *card_id; /* the card it is meant for; NULL: any */
    unsigned place;         /* of a key part; 0: the card itself */
    const char *description;
    bool ask_place;       /* asked for after the PIN, if there is more than the card to describe */
    bool ask_description; /* asked for then; the one above is not looked at */
} TkeCardDescribeParams;

typedef struct TkeCardDescribeResult {
    TkeCardStatus card;
    unsigned place;
    char old[TKE_CARD_TEXT_MAX + 1];
    char description[TKE_CARD_TEXT_MAX + 1];
} TkeCardDescribeResult;

/* Reader 2, PIN: the EP11 card or one of its key parts gets a new description (F-030). */
TKE_PUBLIC bool tke_op_card_describe(TkeOperation *op, const TkeCardDescribeParams *params,
                                     TkeCardDescribeResult *result, GError **error);
