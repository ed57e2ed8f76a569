using UnityEngine;

namespace Drifters
{
    /// <summary>Plays a step on the surface below. Call Step from an animation event.</summary>
    [RequireComponent(typeof(AudioSource))]
    public sealed class FootstepPlayer : MonoBehaviour
    {
        [SerializeField] FootstepSet surface = null;
        [SerializeField, Range(0f, 0.3f)] float pitchSpread = 0.05f;

        AudioSource source;

        void Awake()
        {
            source = GetComponent<AudioSource>();
        }

        /// <summary>Chooses what is walked on from now on.</summary>
        public void StandOn(FootstepSet newSurface)
        {
            surface = newSurface;
        }

        /// <summary>Plays one step.</summary>
        public void Step()
        {
            AudioClip clip = surface != null ? surface.Next() : null;
            if (clip == null)
                return;
            source.pitch = 1f + Random.Range(-pitchSpread, pitchSpread);
            source.PlayOneShot(clip);
        }
    }
}
