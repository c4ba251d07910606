#!/bin/sh
# Fetches the source files of the tables into DIR (default ./sources); licences and hashes: ../tables/sources.tsv.
# The hashes are checked by the generator:  sh gen/fetch.sh DIR && go run ./internal/prevent/text/normal/gen -src DIR
set -eu
dir=${1:-sources}
mkdir -p "$dir"
cd "$dir"
raw=https://raw.githubusercontent.com
curl -fsSLo TSCharacters.txt $raw/BYVoid/OpenCC/5249273/data/dictionary/TSCharacters.txt
for f in pinyin.txt kMandarin_8105.txt; do curl -fsSLo $f $raw/mozillazg/pinyin-data/82759f9/$f; done
curl -fsSLo chaizi-jt.txt $raw/kfcd/chaizi/master/chaizi-jt.txt
curl -fsSLo confused_chinese.json $raw/Macielyoung/Confused_Chinese/master/confused_chinese.json
npm pack --silent cldr-annotations-full@48.2.0
tar xzf cldr-annotations-full-48.2.0.tgz package/annotations/zh/annotations.json
mv package/annotations/zh/annotations.json cldr-zh-annotations.json
pip download -q --no-deps confusable-homoglyphs==3.3.1
unzip -qojp confusable_homoglyphs-3.3.1-*.whl confusable_homoglyphs/confusables.json > confusables.json
pip download -q --no-deps --no-binary :all: jieba==0.42.1
tar xzf jieba-0.42.1.tar.gz jieba-0.42.1/jieba/dict.txt
mv jieba-0.42.1/jieba/dict.txt jieba-dict.txt
rm -rf package jieba-0.42.1 ./*.tar.gz ./*.tgz ./*.whl
