import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "dist/",
      "docs/api/",
      "workers/kernels/",
      "lib/images/kernels/",
      "benchmarks/machine/kernels/",
      "benchmarks/results/",
      "benchmarks/peers/node_modules/",
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-explicit-any": "error",
      // Numbers in messages are the point of the messages.
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "max-lines": ["error", { max: 400 }],
    },
  },
  {
    files: ["test/**/*.ts", "benchmarks/**/*.test.ts"],
    // chai's assertions are property reads.
    rules: { "@typescript-eslint/no-unused-expressions": "off" },
  },
  { files: ["**/*.js"], ...tseslint.configs.disableTypeChecked },
);
