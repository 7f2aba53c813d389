import { expect } from "chai";
import fc from "fast-check";
import { parseJson, plainJson, type Json } from "../../lib/weights/json.js";

describe("parseJson", () => {
  it("reads what JSON.stringify writes, as JSON.parse does (300 random values)", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4, noUnicodeString: false }), fc.nat(3), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        const wanted = JSON.parse(spaced) as unknown;
        // the one difference that is meant: numbers past the safe integers
        fc.pre(!/[0-9]{16}|e\+/.test(spaced));
        expect(plainJson(parseJson(spaced))).to.deep.equal(wanted);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps "__proto__" as a key like any other', () => {
    const json = parseJson('{"__proto__": {"a": 1}}') as ReadonlyMap<string, Json>;
    expect([...json.keys()]).to.deep.equal(["__proto__"]);
    const plain = plainJson(json) as object;
    expect(Object.entries(plain)).to.deep.equal([["__proto__", { a: 1 }]]);
    expect(Object.getPrototypeOf(plain)).to.equal(Object.prototype);
  });

  it("reads escapes, and an escaped quote at the end of a string", () => {
    expect(parseJson(String.raw`"a\"\\\u00e9\n"`)).to.equal('a"\\\u00e9\n');
  });

  const refused: readonly [text: string, message: string][] = [
    ['{"a":1,"a":2}', 'key "a" is there twice'],
    ['{"a":1,"\\u0061":2}', 'key "a" is there twice'],
    ["[9007199254740992]", "9007199254740992 at character 1 is past the safe integers"],
    ["[-9007199254740993]", "-9007199254740993 at character 1 is past the safe integers"],
    ["[1e999]", "1e999 at character 1 is past the safe integers"],
    ["[1,]", 'a value expected at character 3, got "]"'],
    ["[01]", '"," or "]" expected at character 2, got "1"'],
    ['{"a" 1}', '":" expected at character 5, got "1"'],
    ['{"a":1 "b":2}', '"," or "}" expected at character 7, got "\\""'],
    ["{a:1}", 'a string expected at character 1, got "a"'],
    ['"abc', 'a string expected at character 0, got "\\""'],
    ['"\\q"', "a string without bad escapes expected at character 0"],
    ["{} {}", 'the end expected at character 3, got "{"'],
    ["", "a value expected at character 0, got the end"],
    ["NaN", 'a value expected at character 0, got "N"'],
    ["[".repeat(40), "nested deeper than 32 at character 32"],
  ];
  for (const [text, message] of refused)
    it(`refuses ${text}`, () => {
      expect(() => parseJson(text)).to.throw(SyntaxError, message);
    });

  it("reads a string of ten million escapes without running out of stack", () => {
    for (const count of [1e6, 1e7]) expect(parseJson(`"${"\\n".repeat(count)}"`)).to.have.length(count);
  });
});
