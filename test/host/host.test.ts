import { expect } from "chai";
import { join } from "node:path";
import { cacheFolder, packageVersion, processor } from "../../lib/host/host.js";

describe("host", () => {
  it("keeps caches where XDG says, else where the system does", () => {
    const folder = join("/", "home", "ada");
    const of = (platform: NodeJS.Platform, environment: Record<string, string> = {}) =>
      cacheFolder({ platform, environment, folder });
    const name = "alexnet-threads";
    expect(of("linux")).to.equal(join(folder, ".cache", name));
    expect(of("linux", { XDG_CACHE_HOME: "" })).to.equal(join(folder, ".cache", name));
    expect(of("darwin")).to.equal(join(folder, "Library", "Caches", name));
    expect(of("win32")).to.equal(join(folder, "AppData", "Local", name));
    expect(of("win32", { LOCALAPPDATA: "D:" })).to.equal(join("D:", name));
    for (const platform of ["linux", "darwin", "win32"] as const)
      expect(of(platform, { XDG_CACHE_HOME: "/c", LOCALAPPDATA: "D:" })).to.equal(join("/c", name));
    expect(cacheFolder()).to.equal(join(process.env.XDG_CACHE_HOME ?? "", name));
  });

  it("knows the package's version and the processor's name", () => {
    expect(packageVersion()).to.match(/^\d+\.\d+\.\d+$/);
    expect(processor()).to.match(/\S/);
  });
});
