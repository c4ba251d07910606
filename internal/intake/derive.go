package intake

import (
	"time"

	"qingyuan"
)

// derivedFields are the fields that are computed here, last in every table.
func derivedFields(s *Schema) []Field {
	fields := []Field{
		{Name: "hour_local", Type: TypeInt, Max: 23, Title: zhen("发生时点（北京时间，时）", "Hour of the day in China")},
		{Name: "weekday_local", Type: TypeInt, Min: 1, Max: 7, Title: zhen("星期（1 为周一）", "Day of the week in China, 1 is Monday")},
	}
	for _, f := range s.Fields {
		if f.Name != "id_no" {
			continue
		}
		fields = append(fields,
			Field{Name: "age", Type: TypeInt, Max: 150, Title: zhen("发生时年龄", "Age at the event, from the ID number")},
			Field{Name: "sex", Type: TypeEnum, Enum: []string{"male", "female"}, Title: zhen("性别", "Sex, from the ID number")},
			Field{Name: "id_region", Type: TypeString, MaxLen: 2, Title: zhen("证件省级代码", "Province code of the ID number")})
	}
	return []Field{
		{Name: "derived", Type: TypeObject, Derived: true, Title: zhen("推导字段", "Derived here"), Fields: fields},
		{Name: "quality", Type: TypeList, Derived: true, Title: zhen("数据质量", "Remarks on the quality of the data"), Fields: []Field{
			{Name: "path", Type: TypeString, Title: zhen("字段", "Field")},
			{Name: "code", Type: TypeEnum, Title: zhen("问题", "Flaw"), Enum: []string{
				string(FlawChecksum), string(FlawBirthDate), string(FlawRegion), string(FlawOldForm), string(FlawLuhn), string(FlawNotPublic)}},
		}},
	}
}

// Derive computes Data["derived"] from the effective time and the ID number: hour_local and weekday_local in
// Asia/Shanghai (UTC+8, no summer time since 1991), age in completed years, sex after the 17th digit and id_region
// after the first two. What cannot be known is absent. A birth date after the event is added to Data["quality"].
func Derive(e *qingyuan.Event) {
	if e.Data == nil {
		e.Data = map[string]any{}
	}
	at := e.EffectiveAt.Add(8 * time.Hour).UTC()
	weekday := int64(at.Weekday())
	if weekday == 0 {
		weekday = 7
	}
	out := map[string]any{"hour_local": int64(at.Hour()), "weekday_local": weekday}
	if id, ok := e.Data["id_no"].(string); ok && len(id) == 18 {
		out["sex"] = "female"
		if id[16]%2 == 1 {
			out["sex"] = "male"
		}
		if idRegion(id) {
			out["id_region"] = id[:2]
		}
		if birth, ok := idBirth(id); ok {
			switch age := yearsBetween(birth, at); {
			case age < 0:
				remark(e.Data, "id_no", FlawBirthDate)
			default:
				out["age"] = age
			}
		}
	}
	e.Data["derived"] = out
}

// yearsBetween counts completed years, negative where to lies before from.
func yearsBetween(from, to time.Time) int64 {
	years := to.Year() - from.Year()
	if to.Month() < from.Month() || to.Month() == from.Month() && to.Day() < from.Day() {
		years--
	}
	return int64(years)
}

// remark adds a flaw to the quality list once.
func remark(data map[string]any, path string, flaw Flaw) {
	list, _ := data["quality"].([]any)
	for _, r := range list {
		if m, ok := r.(map[string]any); ok && m["path"] == path && m["code"] == string(flaw) {
			return
		}
	}
	data["quality"] = append(list, map[string]any{"path": path, "code": string(flaw)})
}
