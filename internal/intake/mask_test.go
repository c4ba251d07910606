package intake_test

import (
	"reflect"
	"strings"
	"testing"

	"qingyuan"
	"qingyuan/internal/intake"
)

func TestMask(t *testing.T) {
	s, _ := intake.SchemaOf(qingyuan.ApplicationSubmitted)
	data := map[string]any{
		"customer_no": "C100123", "id_no": "11010119900307803X", "name": "张三丰", "phone": "+8619900001234", "bank_card": "6222021234567890128",
		"email": "zhang.san@example.com", "home_address": "示例省示例市东湖区商务路9号", "ip": "203.0.113.7", "device_id": "a1b2c3d4e5f6a7b8",
		"gps": map[string]any{"lat": 39.90876, "lng": 116.39745}, "amount": int64(2000000), "loan": "left out", "application_no": "AP20261120001",
		"product":  "现金贷19900005678",
		"contacts": []any{map[string]any{"name": "李四", "phone": "+861066660001", "relation": "friend"}},
		"employer": map[string]any{"name": "示例商贸有限公司"},
		"referrer": map[string]any{"handle": "wechat:shili_zhudai"},
		"statement": map[string]any{"author": "customer",
			"text": "我是张三丰，电话199 0000 1234，卡６２２２０２１２３４５６７８９０１２８，加shili_zhudai，邮箱a@b.cn，借2万。"},
		"attributes": map[string]any{"pay_0": float64(-1), "memo": "call 19900005678", "k19900005678": true},
	}
	want := map[string]any{
		"customer_no": "****23", "id_no": "110***********803X", "name": "张**", "phone": "199****1234", "bank_card": "***************0128",
		"email": "z***@example.com", "home_address": "示例省示例市****", "ip": "203.0.113.*", "device_id": "a1b2****",
		"gps": map[string]any{"lat": 39.9, "lng": 116.4}, "amount": int64(2000000), "application_no": "AP20261120001", "product": "现金贷***********",
		"contacts": []any{map[string]any{"name": "李*", "phone": "****0001", "relation": "friend"}},
		"employer": map[string]any{"name": "示例****"},
		"referrer": map[string]any{"handle": "wechat:***"},
		"statement": map[string]any{"author": "customer",
			"text": "我是＊＊＊，电话*************，卡＊＊＊＊＊＊＊＊＊＊＊＊＊＊＊＊＊＊＊，加************，邮箱******，借2万。"},
		"attributes": map[string]any{"pay_0": float64(-1), "memo": "call ***********", "k***********": true},
	}
	got := intake.Mask(s, data)
	for name := range want {
		if !reflect.DeepEqual(got[name], want[name]) {
			t.Errorf("%s = %v, want %v", name, got[name], want[name])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d fields, want %d", len(got), len(want))
	}
	before := data["statement"].(map[string]any)["text"].(string)
	if after := got["statement"].(map[string]any)["text"].(string); len(after) != len(before) || strings.Index(after, "借2万") != strings.Index(before, "借2万") {
		t.Error("the mask moves the bytes of a text")
	}
	if data["name"] != "张三丰" {
		t.Error("the mask changed its input")
	}
}

// TestMaskShortValues holds that a value too short to shorten shows nothing.
func TestMaskShortValues(t *testing.T) {
	s, _ := intake.SchemaOf(qingyuan.ApplicationSubmitted)
	got := intake.Mask(s, map[string]any{"customer_no": "27", "name": "张", "phone": "+86110", "home_address": "上海市", "device_id": "abc123",
		"ip": "2001:db8:1:2::3", "email": "a@b.cn"})
	want := map[string]any{"customer_no": "****", "name": "*", "phone": "****", "home_address": "****", "device_id": "abc****",
		"ip": "2001:db8:*", "email": "a***@b.cn"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
