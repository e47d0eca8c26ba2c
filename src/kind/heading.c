/*
 * Headings of spreadsheets. Normalised texts live in the context's arena.
 */
#include "kind/heading.h"
#include "kind/words.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* A spreadsheet may have Chinese headings even if the reader uses English. */
static const struct ctx chinese = {.lang = "zh_CN"};

/* more headings for columns with that label, in any kind; separated by | */
static const struct {
    const char *label, *words;
} synonyms[] = {
    {"Full name", "名字|姓名|人员姓名|居民姓名|志愿者姓名|本人姓名|"
                  "报名人|name"},
    {"Name", "名称|全称|单位名称|机构名称|组织名称|部门名称|团队名称|"
             "队伍名称|社区名称|区域名称|"
             "企业名称|公司名称|站点名称|服务站名称|科室名称|班次名称|"
             "岗位名称"},
    {"Name in English", "英文名称|英文|外文名"},
    {"Code", "编号|编码|代号|统一编码|单位编码|区划代码|行政区划代码|"
             "区域代码|单位代码|id"},
    {"Number", "代码|编码|活动编号"},
    {"Phone", "电话|手机|手机号|手机号码|联系电话|联系方式|电话号码|"
              "联系手机|移动电话|固定电话|"
              "办公电话|联系人电话|本人电话|反映人电话|来电号码|tel|"
              "telephone|mobile|phone number"},
    {"Email", "邮箱|电子邮箱|电子邮件|邮件|e-mail|mail"},
    {"Gender", "性别|sex"},
    {"Date of birth", "出生日期|出生年月|出生年月日|生日|出生时间|birthday|"
                      "birth date"},
    {"ID type", "证件类型|证件种类|证件类别"},
    {"ID number", "证件号码|证件号|身份证号|身份证号码|身份证|公民身份号码|"
                  "居民身份证号|居民身份证号码"},
    {"Address", "地址|住址|家庭住址|家庭地址|居住地址|详细地址|现住址|"
                "常住地址|联系地址|单位地址|"
                "通讯地址"},
    {"Political status", "政治面貌|政治身份"},
    {"Languages spoken", "语言|会说的语言"},
    {"Note", "备注|说明|附注|remark|remarks|notes|comment"},
    {"Area", "区域|所属区域|所在区域|社区|所属社区|所在社区|村（社区）|"
             "所属村居|辖区|所在辖区"},
    {"Home area", "区域|居住社区|所在社区|所属社区|社区|现居社区|"
                  "所属区域|所在区域"},
    {"Parent", "上级|上级单位|上级区域|所属上级|上级组织|上级代码|"
               "上级类别|父级"},
    {"Type", "类型|种类|类别|单位类型|组织类型|活动类型|性质|单位性质"},
    {"Level", "级别|层级|等级"},
    {"Default lead unit", "牵头单位|主办单位|承办单位|责任单位|负责单位|办理单位|主办部门|"
                          "责任部门"},
    {"Organised by", "主办单位|牵头单位|承办单位|组织单位|举办单位|主办方|"
                     "组织者"},
    {"Organisation", "组织|单位|所在单位|任职单位|所属组织|单位名称|"
                     "组织名称"},
    {"Person", "人员|姓名|人员姓名|本人|人员代码|人员编号"},
    {"Position", "职务|岗位|职位|任职"},
    {"Team", "队伍|所属队伍|所在队伍|服务队|志愿服务队|团队|所属团队"},
    {"Collected by team", "收集队伍|收集单位|队伍"},
    {"Volunteer", "志愿者|志愿者编号|志愿者姓名"},
    {"Volunteer number", "编号|志愿者号|志愿者编码|注册编号"},
    {"Activity", "活动|活动编号|活动名称"},
    {"Shift", "班次|班次代码|班次编号|岗位"},
    {"Title", "标题|名称|活动名称|活动标题|主题|活动主题"},
    {"Location", "地点|活动地点|地址|发生地点|位置|事发地点"},
    {"Starts", "开始|开始时间|起始时间|开始日期|start|start time"},
    {"Ends", "结束|结束时间|终止时间|结束日期|end|end time"},
    {"Details", "说明|活动说明|活动内容|详情|内容|简介"},
    {"Status", "状态"},
    {"Places for residents", "名额|居民名额|人数上限"},
    {"Volunteers needed", "名额|人数|需要人数|志愿者人数|所需人数"},
    {"Skills needed", "技能|所需技能"},
    {"Sign-up closes", "报名截止|报名截止时间|截止时间"},
    {"Arrived at", "到达时间|签到时间|签到"},
    {"Left at", "离开时间|签退时间|签退"},
    {"Recorded via", "登记方式|签到方式"},
    {"Comment text", "意见|意见内容|内容|反映内容"},
    {"Collected on", "收集时间|收集日期|时间|日期"},
    {"Subject", "事项|主题|标题|诉求标题|诉求主题|留言主题"},
    {"Request description", "是什么事|内容|诉求内容|详细内容|反映内容|"
                            "问题描述|留言详情|详情"},
    {"Submitted by", "反映人|姓名|诉求人|来电人|反映人姓名|留言用户|联系人"},
    {"Date received", "收到|收到时间|受理时间|登记时间|反映时间|留言时间|"
                      "来电时间|诉求时间"},
    {"Replied", "已答复|答复时间|回复时间|办结时间"},
    {"Reply", "答复|答复意见|答复内容|回复|回复内容|办理结果"},
    {"Source reference", "编号|来源编号|诉求编号|工单编号|工单号|流水号|"
                         "留言编号|number"},
    {"Category", "类别|分类|诉求类别|所属类别|一级分类|问题类别"},
    {"Valid from", "启用日期|生效日期|有效期起|开始日期"},
    {"Valid to", "停用日期|失效日期|有效期止|截止日期|结束日期"},
    {"Since", "自|成立日期|成立时间|启用日期|开始日期"},
    {"From", "从|任职日期|任职时间|开始日期|起始日期"},
    {"Until", "至|截止日期|结束日期|停用日期|离任日期"},
    {"Term of office", "届次|任期"},
    {"Date", "日期|时间"},
    {"Day off", "放假|是否放假|休息|是否休息"},
    {"Unified social credit code", "统一社会信用代码|信用代码|社会信用代码"},
    {"Opening hours", "开放时间|服务时间|营业时间"},
    {"Sort order", "排序|序号排序|顺序"},
    {"Date joined", "加入日期|加入时间|注册时间|注册日期|入队时间"},
    {"Latitude", "纬度|lat"},
    {"Longitude", "经度|lng|lon"},
    {"Text", "内容|正文|模板内容"},
};

/* Normalises a heading: half width, folded, without blanks and punctuation.
 * without: also without brackets and the text in them. */
static const char *key_of(struct arena *a, const char *heading, bool without)
{
    struct buf out;
    int depth = 0;
    buf_init(&out, 0);
    buf_puts(&out, "");
    for (const char *s = text_key(a, text_tidy(a, heading)), *next; *s; s = next) {
        next = s;
        uint32_t c = text_next(&next);
        bool opens = c == '(' || c == '[' || c == 0x3010 || c == 0x3014, /* 【 〔 */
            closes = c == ')' || c == ']' || c == 0x3011 || c == 0x3015;
        depth += opens;
        if (!(without && depth) && !opens && !closes && c > ' ' && c != 0xA0 &&
            !(c < 0x80 && strchr("*:_\"'!.", (int)c)) && c != 0x203B && c != 0x2605 &&
            c != 0x25CF) /* ※ ★ ● */
            buf_put(&out, s, (size_t)(next - s));
        depth -= closes && depth;
    }
    const char *key = arena_copyn(a, out.size ? out.data : "", out.size);
    buf_release(&out);
    return key;
}

bool heading_same(struct arena *a, const char *x, const char *y)
{
    return !strcmp(key_of(a, x, false), key_of(a, y, false));
}

/* ---- what a field is called ---- */

struct heading_name {
    const char *key;
    const struct field *field;
    int sure;
};

static void add(struct import *im, const struct field *f, const char *word, int sure)
{
    const char *key = key_of(im->arena, word, false);
    if (!*key)
        return;
    if (im->name_count == im->name_room) {
        struct heading_name *more = ARENA_ARRAY(im->arena, struct heading_name,
                                                2 * im->name_room + 128);
        if (im->name_count)
            memcpy(more, im->names, (size_t)im->name_count * sizeof *more);
        im->names = more;
        im->name_room = 2 * im->name_room + 128;
    }
    im->names[im->name_count++] = (struct heading_name){key, f, sure};
}

static void add_all(struct import *im, const struct field *f, const char *words, int sure)
{
    for (const char *s = words; s && *s;) {
        size_t n = strcspn(s, "|");
        add(im, f, arena_copyn(im->arena, s, n), sure);
        s += n + (s[n] == '|');
    }
}

/* Lists all names of the kind's fields, once for each import. */
static void names_list(struct import *im)
{
    const struct kind *k = im->kind;
    if (im->name_count)
        return;
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (!import_sets(f))
            continue;
        const char *label = tr(&chinese, f->label);
        add(im, f, f->name, 2);
        add(im, f, f->label, 2);
        add(im, f, label, 2);
        add_all(im, f, f->aliases, 2);
        add(im, f, arena_print(im->arena, "%s%s", tr(&chinese, k->one), label), 2);
        add(im, f, arena_print(im->arena, "%s%s", k->one, f->label), 2);
        for (size_t n = 0; n < sizeof synonyms / sizeof *synonyms; n++)
            if (!strcmp(synonyms[n].label, f->label))
                add_all(im, f, synonyms[n].words, 1);
    }
    /* After all present names, because a name may have moved from one field to
     * another. */
    for (int i = 0; i < k->field_count; i++)
        if (import_sets(&k->fields[i]))
            add_all(im, &k->fields[i], label_formerly(k->fields[i].label), 2);
}

const struct field *heading_field(struct ctx *ctx, struct import *im, const char *heading, int sure,
                                  bool (*good)(const struct import *, const struct field *))
{
    names_list(im);
    for (int without = 0; without < 2; without++) {
        const char *key = key_of(ctx->arena, heading, without);
        for (int i = 0; *key && i < im->name_count; i++)
            if (im->names[i].sure == sure && !strcmp(im->names[i].key, key) &&
                (!good || good(im, im->names[i].field)))
                return im->names[i].field;
    }
    return NULL;
}

/* ---- the heading row ---- */

int sheet_named(struct ctx *ctx, const struct sheet *s, const char *name)
{
    const char *list = "";
    char *end;
    long number = strtol(name, &end, 10);
    for (int i = 0; i < sheet_count(s); i++) {
        if (!strcmp(sheet_name(s, i), name))
            return i;
        list = text_add(ctx->arena, list, ", ", sheet_name(s, i));
    }
    if (*name && !*end && number >= 1 && number <= sheet_count(s))
        return (int)number - 1;
    ctx_problem(ctx, NULL,
                *list ? say(ctx, "The workbook has no sheet “{}”. It has: {}.", name, list)
                      : say(ctx, "A CSV file has only one sheet; leave out --sheet."));
    return -1;
}

static int texts_of(struct arena *a, const struct sheet_row *row, const char **texts)
{
    int n = row->count < IMPORT_COLUMNS ? row->count : IMPORT_COLUMNS, filled = 0;
    for (int i = 0; i < n; i++) {
        texts[i] = text_valid(row->cells[i].text, row->cells[i].size)
                       ? text_tidy(a, row->cells[i].text)
                       : "";
        filled += *texts[i] != '\0';
    }
    return filled;
}

/* How many columns the import would have if this row held the headings. */
static int row_score(struct ctx *ctx, struct import *im, const struct sheet_row *row,
                     const char *const *maps, int map_count)
{
    const char *texts[IMPORT_COLUMNS];
    texts_of(ctx->arena, row, texts);
    int n = row->count < IMPORT_COLUMNS ? row->count : IMPORT_COLUMNS;
    int score = import_guess(ctx, im, texts, n);
    for (int m = 0; m < map_count; m++)
        for (int c = 0; c < n; c++)
            if (strchr(maps[m], '=') &&
                heading_same(ctx->arena, texts[c], strchr(maps[m], '=') + 1)) {
                score++;
                break;
            }
    return score;
}

struct found {
    int which, row, score; /* row: its number in the spreadsheet; 0: not found */
};

/* The best heading row of a sheet; if there is none, the first row with two texts, otherwise
 * the first row. */
static struct found look_in(struct ctx *ctx, struct import *im, struct sheet *s, int which,
                            const char *const *maps, int map_count)
{
    struct found best = {.which = which};
    struct arena *own = ctx->arena, *scratch = arena_new();
    struct sheet_row row;
    int several = 0, first = 0;
    ctx->arena = scratch;
    bool there = sheet_turn(s, which);
    for (int n = 0; n < HEADING_ROWS && there && sheet_next(s, &row); n++) {
        const char *texts[IMPORT_COLUMNS];
        int score = row_score(ctx, im, &row, maps, map_count);
        first = first ? first : row.number;
        if (!several && texts_of(scratch, &row, texts) > 1)
            several = row.number;
        if (score > best.score)
            best = (struct found){which, row.number, score};
        arena_clear(scratch);
    }
    ctx->arena = own;
    arena_free(scratch);
    best.row = best.row ? best.row : several ? several : first;
    return best;
}

static struct found look(struct ctx *ctx, struct import *im, struct sheet *s, int which,
                         const char *const *maps, int map_count)
{
    struct found best = {0};
    for (int i = 0; i < sheet_count(s); i++) {
        if (which >= 0 && i != which)
            continue;
        struct found f = look_in(ctx, im, s, i, maps, map_count);
        if (!best.row || f.score > best.score)
            best = f;
    }
    return best;
}

static int no_headings(struct ctx *ctx, const struct sheet *s, const char *otherwise)
{
    const char *why, *cell;
    if (sheet_status(s, &why, &cell) != OK)
        ctx_fail(ctx, INVALID, *cell ? say(ctx, "Cell {}: {}", cell, tr(ctx, why)) : tr(ctx, why));
    else
        ctx_fail(ctx, INVALID, otherwise);
    return -1;
}

int headings_find(struct ctx *ctx, struct import *im, struct sheet *s, int which, int row,
                  const char *const *maps, int map_count, const char *headings[IMPORT_COLUMNS])
{
    struct found f = {which < 0 ? 0 : which, row, 0};
    struct sheet_row r;
    if (row <= 0)
        f = look(ctx, im, s, which, maps, map_count);
    im->sheet = f.which;
    im->heading_row = f.row;
    if (!sheet_turn(s, f.which) || !f.row)
        return no_headings(ctx, s, say(ctx, "The sheet is empty."));
    while (sheet_next(s, &r))
        if (r.number >= f.row) {
            texts_of(ctx->arena, &r, headings);
            im->heading_row = r.number;
            return r.count < IMPORT_COLUMNS ? r.count : IMPORT_COLUMNS;
        }
    return no_headings(ctx, s, say(ctx, "The sheet has no row {}.", (int64_t)f.row));
}

/* ---- what is left out ---- */

static const char *column_letter(struct arena *a, int column)
{
    char name[16];
    sheet_cell_name(name, 1, column);
    name[strlen(name) - 1] = '\0';
    return arena_copy(a, name);
}

static bool means(struct ctx *ctx, struct import *im, const struct field *f, const char *heading)
{
    const char *key = key_of(ctx->arena, heading, false), *bare = key_of(ctx->arena, heading, true);
    names_list(im);
    for (int i = 0; i < im->name_count; i++)
        if (im->names[i].field == f && ((*key && !strcmp(im->names[i].key, key)) ||
                                        (*bare && !strcmp(im->names[i].key, bare))))
            return true;
    return false;
}

/* Finds another column that already provides the same field; -1: none. */
static int rival(struct ctx *ctx, struct import *im, const char *const *headings, int count,
                 int column)
{
    for (int c = 0; c < count && c < im->column_count; c++)
        if (c != column && im->columns[c].field &&
            (heading_same(ctx->arena, headings[c], headings[column]) ||
             means(ctx, im, im->columns[c].field, headings[column])))
            return c;
    return -1;
}

const char *headings_left_out(struct ctx *ctx, struct import *im, const char *const *headings,
                              int count)
{
    const char *list = "";
    for (int c = 0; c < count && c < im->column_count; c++) {
        if (im->columns[c].field || im->columns[c].level || !headings[c] || !*headings[c])
            continue;
        int other = rival(ctx, im, headings, count, c);
        const char *named = text_cut(ctx->arena, headings[c], 30);
        if (other >= 0)
            named = say(ctx, "{} (column {}; column {} is imported as {})", named,
                        column_letter(ctx->arena, c), column_letter(ctx->arena, other),
                        tr(ctx, im->columns[other].field->label));
        list = ctx_list(ctx, list, named);
    }
    return list;
}

const char *sheets_left_out(struct ctx *ctx, struct sheet *s, int which)
{
    const char *list = "";
    for (int i = 0; i < sheet_count(s); i++)
        if (i != which)
            list = ctx_list(ctx, list, text_cut(ctx->arena, sheet_name(s, i), 40));
    return list;
}
