// Runs the example's build check as Unity would. Arguments: the project's folder, then "development", "release",
// or "timeout" to run the check itself with only a second to spare.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Drifters;
using Drifters.Editor;
using UnityEditor;
using UnityEditor.Build;
using UnityEditor.Build.Reporting;
using UnityEngine;

static class RunBuildCheck
{
    static int Main(string[] arguments)
    {
        string root = arguments[0];
        if (arguments[1] == "variants")
            return PlayVariants();
        if (arguments[1] == "timeout")
        {
            string sfxgen = Environment.GetEnvironmentVariable("SFXGEN");
            Console.WriteLine(SfxgenCheck.Problem(sfxgen, root, true, TimeSpan.FromSeconds(1)));
            return 0;
        }
        Application.dataPath = Path.Combine(root, "Assets");
        BuildOptions options = arguments[1] == "development" ? BuildOptions.Development : BuildOptions.None;
        try
        {
            BuildReport report = new BuildReport { summary = new BuildSummary { options = options } };
            new SfxgenBuildCheck().OnPreprocessBuild(report);
        }
        catch (BuildFailedException failure)
        {
            Console.WriteLine("BuildFailedException: " + failure.Message);
            return 42;
        }
        return 0;
    }

    static int PlayVariants()
    {
        FootstepSet set = new FootstepSet();
        if (set.Next() != null)
            return 1;
        AudioClip[] clips = Enumerable.Range(0, 4).Select(n => new AudioClip { name = n.ToString() }).ToArray();
        typeof(FootstepSet)
            .GetField("clips", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)
            .SetValue(set, clips);
        List<string> played = Enumerable.Range(0, 200).Select(_ => set.Next().name).ToList();
        Console.WriteLine(string.Join(" ", played));
        return 0;
    }
}
