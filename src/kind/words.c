/*
 * Other words for choices, as found in rosters and exports of other systems.
 */
#include "kind/words.h"

#include "base/text.h"

#include <string.h>

/* Keyed by a choice's own label, so every kind with that choice accepts its
 * variants. Words that labels had in earlier versions are in former.c. */
static const struct {
    const char *label, *words;
} variants[] = {
    {"Female", "女性|女士|女生|f|woman|w"},
    {"Male", "男性|男士|先生|男生|m|man"},
    {"Resident identity card", "身份证|居民身份证|二代身份证|第二代身份证|"
                               "二代居民身份证|"
                               "中国居民身份证|公民身份证|大陆身份证|"
                               "id card|identity card"},
    {"Passport", "护照|普通护照|外国护照|中国护照"},
    {"Hong Kong, Macao or Taiwan permit",
     "港澳居民来往内地通行证|台湾居民来往大陆通行证|港澳通行证|"
     "回乡证|台胞证|港澳台居民居住证|"
     "港澳台通行证"},
    {"No ID", "无|无证件|没有证件|none"},
    {"Party member", "党员|中共党员|共产党员|中国共产党党员|预备党员|中共预备党员|"
                     "中国共产党预备党员|正式党员"},
    {"Youth League member", "团员|共青团员|中国共产主义青年团团员|共青团"},
    {"Other", "其他|其它|群众|普通群众|民主党派|无党派|无党派人士|"
              "无党派民主人士|民革党员|民盟盟员|"
              "民建会员|民进会员|农工党党员|致公党党员|九三学社社员|"
              "台盟盟员|少先队员"},
    {"Cantonese", "粤语|广东话|白话|广府话"},
    {"Mandarin", "普通话|国语|汉语"},
    {"Hakka", "客家话|客家语|客语"},
    {"Teochew", "潮汕话|潮州话|潮语"},
    {"Spoken English", "英语|英文|english"},
    {"Sign language", "手语"},
    {"Residents' committee", "居委会|社区居委会|居民委员会|社区居民委员会|"
                             "村委会|社区"},
    {"Party branch", "党支部|支部|党组织"},
    {"Volunteer team", "志愿队|志愿服务队|志愿者队伍|志愿队伍|队伍|团队"},
    {"Service point", "服务站|服务点|站点|驿站|志愿服务站|服务站点"},
    {"Company", "企业|公司|企业单位"},
    {"Social organisation", "社会组织|社会团体|社团"},
    {"Leader", "队长|组长|负责人|会长|主任委员"},
    {"Deputy leader", "副队长|副组长|副会长"},
    {"Member", "成员|队员|组员|委员|会员"},
    {"Secretary", "书记|党支部书记|支部书记|社区书记"},
    {"Director", "主任|居委会主任|社区主任"},
    {"Subdistrict staff", "街道干部|街道办工作人员"},
    {"Community worker", "社工|社区干部|网格员|专职网格员"},
    {"Unit handler", "经办人|承办人"},
    {"Subdistrict leader", "领导|分管领导"},
    {"Team leader", "队长|志愿队队长"},
    {"Auditor", "审计"},
    {"Subdistrict", "街道|街道办|镇|乡镇|乡"},
    {"Community", "社区|村|居委会|行政村"},
    {"Housing estate", "小区|住宅小区|院落"},
    {"Grid", "网格|微网格"},
    {"Building", "楼栋|楼|栋|幢|楼宇"},
    {"Office", "街道科室|科室|办公室|街道办公室"},
    {"Community residents’ committee", "社区居委会|居委会|社区|居民委员会"},
    {"Department", "职能部门|部门|局|委办局"},
    {"Urgent", "紧急|加急|特急|急"},
    {"Ordinary", "一般|普通|常规"},
    {"Complex", "复杂|疑难"},
    {"Working days", "工作日|个工作日|工作天"},
    {"Hours", "小时|时"},
    {"Calendar days", "自然日|天|日|日历日"},
    {"Active", "在册|在职|正常|有效|已注册"},
    {"Paused", "暂停|停用"},
    {"Left", "已退出|退出|离队"},
    {"Draft", "草稿|未发布"},
    {"Published", "已发布|发布|招募中|报名中"},
    {"Held", "已举办|已完成|已结束|已举行"},
    {"Cancelled", "已取消|取消"},
    {"Has a place", "已报名|报名成功|已录用|有名额"},
    {"On the waiting list", "候补|候补中|排队"},
    {"Counted", "有效|计入"},
    {"Not counted", "无效|不计入"},
};

/* Normalises a word: half width, folded, without blanks. */
static const char *key_of(struct arena *a, const char *s)
{
    char *key = arena_copy(a, text_key(a, s)), *to = key;
    for (const char *p = key; *p; p++)
        if (*p != ' ')
            *to++ = *p;
    *to = '\0';
    return key;
}

static bool words_have(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *s = words; s && *s;) {
        size_t n = strcspn(s, "|");
        if (length == n && !memcmp(s, word, n))
            return true;
        s += n + (s[n] == '|');
    }
    return false;
}

static bool choice_means(struct arena *a, const struct choice *c, const char *typed)
{
    static const struct ctx chinese = {.lang = "zh_CN"};
    const char *key = key_of(a, typed);
    if (!strcmp(c->code, typed) || !strcmp(key_of(a, c->label), key) ||
        !strcmp(key_of(a, tr(&chinese, c->label)), key) || !strcmp(key_of(a, c->code), key))
        return true;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
        if (!strcmp(variants[i].label, c->label) && words_have(variants[i].words, key))
            return true;
    return false;
}

const struct choice *choice_typed(struct arena *a, const struct choice *choices, const char *typed)
{
    for (const struct choice *c = choices; c && c->code; c++)
        if (!strcmp(c->code, typed))
            return c;
    for (const struct choice *c = choices; c && c->code; c++)
        if (!strcmp(c->label, typed)) /* a variant of one choice may be the label of another */
            return c;
    for (const struct choice *c = choices; c && c->code; c++) {
        static const struct ctx chinese = {.lang = "zh_CN"};
        if (!strcmp(tr(&chinese, c->label), typed))
            return c;
    }
    for (const struct choice *c = choices; c && c->code; c++)
        if (words_have(label_formerly(c->label), typed))
            return c;
    for (const struct choice *c = choices; c && c->code; c++)
        if (choice_means(a, c, typed))
            return c;
    return NULL;
}
